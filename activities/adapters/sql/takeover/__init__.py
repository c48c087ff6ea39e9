"""Subscriptions of other systems in SQL."""
