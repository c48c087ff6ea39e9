"""Subscriptions in SQL: journal, usage, access and claims."""
