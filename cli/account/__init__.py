"""Commands about accounts, invoices and balances."""
