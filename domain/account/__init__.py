"""A customer's billing account: its invoices, payments and terms of payment."""
