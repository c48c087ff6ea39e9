"""The workflow that buys an order line by line, its messages and its client."""
