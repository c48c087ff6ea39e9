"""Bulk operations in SQL."""
