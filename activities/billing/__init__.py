"""Billing: write the decisions of subscriptions into the database."""
