"""What the books say of workflows, for `reconcile`."""
