"""The catalog: offers, their prices, and the customers and partners they are sold to and by."""
