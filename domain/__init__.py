"""The values and rules of subscriptions and accounts. Imports nothing of ours; no clock, no I/O."""
