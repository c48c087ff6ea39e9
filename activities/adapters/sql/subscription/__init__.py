"""Subscriptions' books in SQL: journal, usage, access and claims."""
