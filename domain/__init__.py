"""Values and rules of a subscription's life. Imports nothing of ours, no clock and no I/O."""
