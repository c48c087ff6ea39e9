"""Commands about carts, orders and purchases."""
