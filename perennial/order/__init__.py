"""Use cases of a shop: carts, orders and set-up links."""
