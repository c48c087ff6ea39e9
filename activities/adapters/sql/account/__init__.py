"""Billing accounts in SQL: invoices, payments and holds for nonpayment."""
