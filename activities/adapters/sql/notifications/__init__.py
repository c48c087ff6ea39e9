"""The outbox, its deliveries and publishers' requests in SQL."""
