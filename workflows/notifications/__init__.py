"""Delivery of events to publishers, beside a subscription and after its end."""
