"""Scenarios: whole lives described as data, lived in memory. Production imports nothing of it."""
