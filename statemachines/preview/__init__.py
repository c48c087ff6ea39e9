"""A life lived in memory, for previews, forecasts and `what_if`."""
