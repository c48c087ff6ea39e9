"""New ids for carts and subscriptions, with the customer or the offer in them for people to read."""

from activities.random_ids import random_id


def new_cart_id(customer_id: str) -> str:
    """Return a new id for a cart of that customer, and for the order that it becomes."""
    return f"{customer_id[:40]}-{random_id(8)}"


def new_subscription_id(offer_id: str) -> str:
    """Return a new id for a subscription to that offer, and for the order of one line that buys it."""
    return f"{offer_id[:45]}-{random_id(10)}"
