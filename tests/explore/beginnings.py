"""Where the exploration begins: one order of every kind of offer under every policy pack."""

from itertools import product
from random import Random

from domain.ordering.terms import Order
from domain.policy import PACKS
from tests.support.simulated.life import Facts, an_order

ORDERED, OPENED = "2027-01-31T09:00:00Z", "2027-01-17T09:00:00Z"
"""A month's last day, so that boundaries move; 14 free days count for the retention (SUS-3)."""
BEGINS = "2027-02-10T00:00:00Z"
PLANS = [
    ("P1M", "monthly"),
    ("P1M", "one_time"),
    ("P1Y", "monthly"),
    ("P1Y", "annual"),
    ("P1Y", "one_time"),
    ("P3Y", "monthly"),
    ("P3Y", "annual"),
    ("P3Y", "one_time"),
]
Prices = tuple[tuple[str, str], ...]
PRICES: dict[str, tuple[str, Prices]] = {
    "paid": ("10.00", ()),
    "free": ("0", ()),
    "promotion": ("0", (("2027-02-20T09:00:00Z", "10.00"),)),
    "schedule": ("10.00", (("2027-02-20T09:00:00Z", "12.00"), ("2028-01-31T09:00:00Z", "0"))),
}
"""The price of the first term, and the prices to come: within the first month, and at the very end of a year."""
KINDS = list(
    product(
        ("license", "usage"), ("partner", "microsoft"), PLANS, (0, 30), ("none", "publisher"), (False, True), PRICES
    )
)
"""Billing type, publisher, term and plan, days of trial, set-up, whether an add-on is bought with it, and prices."""


def beginnings(packs: list[str] | None = None, *, every: int = 1) -> list[Order]:
    """The orders of these packs (all by default); with `every`, only each so manyth kind, other ones in each pack.

    They are taken from a fixed shuffle, so that a few kinds differ in all that kinds can differ in.
    """
    shuffled = Random(len(KINDS)).sample(KINDS, len(KINDS))
    found = []
    for index, pack in enumerate(packs or sorted(PACKS)):
        kinds = shuffled[index % every :: every]
        for number, (billing_type, publisher, (term, plan), trial_days, setup, with_add_on, priced) in enumerate(kinds):
            price, to_come = PRICES[priced]
            offer: Facts = {
                "billing_type": billing_type,
                "publisher": publisher,
                "term": term,
                "billing_plan": plan,
                "trial_days": trial_days,
                "setup": setup,
                # Not a kind of its own, which would double them: every other one is announced (REN-5).
                "announce_days": number % 2 * 10,
                "max_quantity": 3,
                "unit_price": price,
                "add_ons": [{"id": "backup", "unit_price": "2.50"}] if with_add_on else [],
            }
            add_ons = {"backup": 1} if with_add_on else {}
            prices = [{"at": at, "unit_price": later} for at, later in to_come]
            order: Facts = {
                "at": ORDERED,
                "account_opened": OPENED,
                "policy": pack,
                "add_ons": add_ons,
                "prices": prices,
            }
            # No kind of their own either: every fifth begins later (BUY-6).
            found.append(an_order(offer, quantity=2, begins_at=None if number % 5 else BEGINS, **order))
    return found
