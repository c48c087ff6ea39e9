"""What the use cases work with: a Temporal server and the books, by noun."""
