"""Rebuilds the state of a lost workflow from what the books have."""
