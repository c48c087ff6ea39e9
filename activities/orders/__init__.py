"""Orders: place their lines and start the subscriptions."""
