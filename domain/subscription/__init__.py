"""One subscription: its state, what can be asked of it, and what follows."""
