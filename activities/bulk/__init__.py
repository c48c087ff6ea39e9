"""Bulk operations: send one action to many subscriptions, item by item."""
