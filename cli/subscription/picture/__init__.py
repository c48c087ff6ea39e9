"""Draws subscriptions on a line of time, as one SVG file that loads nothing from elsewhere."""
