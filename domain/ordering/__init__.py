"""Carts and orders: what a customer wants to buy, and whether it may."""
