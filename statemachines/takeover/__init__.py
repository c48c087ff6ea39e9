"""Decides what a row of another system comes to here, and writes running subscriptions as such rows."""
