"""Notifications: deliver the events of subscriptions to their publishers."""
