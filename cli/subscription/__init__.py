"""Commands about one subscription."""
