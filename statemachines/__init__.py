"""What may follow what, and the pure core that drives it. The library `statemachine` is imported here only."""
