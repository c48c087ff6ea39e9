"""Use cases of subscriptions: commands, views, usage, and what publishers ask."""
