"""The rules in full, and where answers and events name them."""
