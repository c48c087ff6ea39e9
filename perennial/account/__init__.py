"""Use cases of billing accounts and invoices."""
