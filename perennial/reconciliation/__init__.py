"""Books against workflows, and both against the clock."""
