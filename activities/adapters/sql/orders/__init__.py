"""Carts, orders and set-up links in SQL."""
