"""Opens and closes the users' access."""
