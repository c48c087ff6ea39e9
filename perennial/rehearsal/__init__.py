"""Scenarios on a real Temporal server, with its time skipping."""
