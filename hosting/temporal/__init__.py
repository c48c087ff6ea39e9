"""Connections to a Temporal server, and its namespace made ready."""
