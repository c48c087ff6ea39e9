"""Simulates a subscription in memory, for previews, forecasts and `what_if`."""
