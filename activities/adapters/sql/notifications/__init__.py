"""The outbox and deliveries in SQL."""
