"""Subscriptions of other systems, as the books take them over and give them back."""
