"""Prices: send new prices to the subscriptions that they affect."""
