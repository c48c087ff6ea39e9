"""A subscription's lifecycle: what may follow what, when, and at which price."""
