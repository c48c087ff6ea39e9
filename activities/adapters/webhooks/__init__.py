"""Signed webhooks to publishers, to checked addresses only."""
