"""Bulk operations on the command line: one action on many subscriptions."""
