"""The ledger and its double entry in SQL."""
