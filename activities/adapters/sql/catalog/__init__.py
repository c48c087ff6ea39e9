"""The catalog in SQL: offers, customers, partners and prices."""
