"""Billing accounts: close months, record payments, place and lift holds for nonpayment."""
