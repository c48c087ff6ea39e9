"""What only one subscription can hold: one life of an offer at a time, one trial ever (ELG-1, TRI-4)."""

from domain.catalog import ListedOffer
from domain.values import Frozen


class Claim(Frozen):
    """A row that only one subscription can hold; a permanent one outlives its life."""

    key: str
    permanent: bool


def one_per_customer(customer_id: str, offer_id: str) -> Claim:
    """ELG-1: freed by the life's last event."""
    return Claim(key=f"one-per-customer/{customer_id}/{offer_id}", permanent=False)


def one_trial(customer_id: str, offer_id: str) -> Claim:
    """TRI-4: kept for ever, unless the trial never began."""
    return Claim(key=f"trial/{customer_id}/{offer_id}", permanent=True)


def claims_of(customer_id: str, offer: ListedOffer, *, trial: bool) -> tuple[Claim, ...]:
    """What a subscription to the offer must be the only one to hold; the trial where it gets one."""
    found = []
    if offer.one_per_customer:
        found.append(one_per_customer(customer_id, offer.id))
    if trial and offer.trial_days:
        found.append(one_trial(customer_id, offer.id))
    return tuple(found)
