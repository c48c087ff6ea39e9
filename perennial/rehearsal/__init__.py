"""Scenarios lived on a real Temporal server."""
