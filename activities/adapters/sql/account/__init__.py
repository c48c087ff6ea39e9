"""Accounts' books in SQL: invoices, payments and holds."""
