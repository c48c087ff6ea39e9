"""Scenarios: whole lives described as data and simulated in memory. Production imports nothing from here."""
