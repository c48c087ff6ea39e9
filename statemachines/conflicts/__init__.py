"""What follows when an operator settles a conflict with the books (REP-1)."""
