"""Sends new prices to the subscriptions that they concern."""
