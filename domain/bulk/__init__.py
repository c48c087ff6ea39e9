"""Bulk operations: one action on many subscriptions, what was shown of it and what became of each."""
