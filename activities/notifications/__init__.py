"""Delivers events to publishers."""
