"""New ids for carts and subscriptions, with the customer or the offer in them for people to read."""

from uuid import uuid4  # noqa: TID251 - outside of workflows; a purchase that is sent again keeps its id


def new_cart_id(customer_id: str) -> str:
    """Return a new id for a cart of that customer, and for the order that it becomes."""
    return f"{customer_id[:40]}-{_random(8)}"


def new_subscription_id(offer_id: str) -> str:
    """Return a new id for a subscription to that offer, and for the order of one line that buys it."""
    return f"{offer_id[:45]}-{_random(10)}"


def _random(digits: int) -> str:
    # Sent again, a purchase is given the id that it had; only a new one gets a new id.
    return uuid4().hex[:digits]
