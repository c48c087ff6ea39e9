"""One subscription: its state, commands, events, effects and money."""
