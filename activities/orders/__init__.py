"""Places an order's lines and starts their subscriptions."""
