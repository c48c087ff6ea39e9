"""Ledger rows and their double entry in SQL."""
