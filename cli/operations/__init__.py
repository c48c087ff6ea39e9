"""What an operator runs: a worker, and the audit of the books."""
