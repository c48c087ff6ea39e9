"""The lifecycle of a subscription: what may happen when, and what it costs."""
