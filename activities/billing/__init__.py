"""Writes decisions into the books."""
