"""The use cases, as plain async Python."""
