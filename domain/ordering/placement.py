"""Placing one line of an order: the purchase it becomes, or why not. Pure: what is known comes in as values."""

import hashlib
import json
from datetime import datetime

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer
from domain.faults import Fault
from domain.ordering.eligibility import Holding, Refusal, line_refusals, unknown_customer, unknown_offer
from domain.ordering.lines import Line
from domain.ordering.terms import Order
from domain.roles import Action, RolePreset, denial
from domain.rules import Rule
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


class Known(Frozen):
    """What the books know when a line is placed."""

    offer: ListedOffer | None
    customer: Customer | None
    holding: Holding
    catalog_version: int


class Placed(Frozen):
    """The purchase that the line becomes, what it claims, and why it has no trial where one is offered."""

    order: Order
    claims: tuple[Claim, ...]
    trial_of: str | None = None


def place(
    line: Line,
    known: Known,
    *,
    subscription_id: str,
    customer_id: str,
    at: datetime,
    by: str,
    roles: RolePreset = RolePreset.DEFAULT,
) -> Placed | tuple[Refusal, ...]:
    """The purchase as of that instant, or every rule that says no: the first is the one to tell."""
    if denied := denial(by, Action.BUY, roles):
        step = "Let somebody with another role buy it."
        return (Refusal(rule=denied.rule, message=denied.message, next_step=step),)
    if known.customer is None:
        return (unknown_customer(customer_id),)
    if known.offer is None:
        return (unknown_offer(line.offer),)
    if refusals := line_refusals(known.offer, known.customer, known.holding, line):
        return refusals
    placed = offered(line, known, subscription_id=subscription_id, at=at, by=by, roles=roles)
    assert placed is not None
    if faults := [Fault(path=path, got=got, takes=takes) for path, got, takes in placed.order.faults()]:
        message = f"{known.offer.name} cannot be priced so: {'; '.join(map(str, faults))}."
        step = "Choose a smaller quantity, or have the offer mended in the catalog."
        return (Refusal(rule=Rule.ELG_8, message=message, next_step=step),)
    if line.terms is not None and line.terms != terms_of(placed.order):
        message = f"{known.offer.name} is no longer sold as the review showed it."
        return (Refusal(rule=Rule.BUY_2, message=message, next_step="Review it again in a cart, then buy."),)
    return placed


def offered(
    line: Line, known: Known, *, subscription_id: str, at: datetime, by: str, roles: RolePreset = RolePreset.DEFAULT
) -> Placed | None:
    """What the line would become if no rule said no; None where offer or customer are unknown."""
    offer, customer = known.offer, known.customer
    if offer is None or customer is None:
        return None
    had = known.holding.trial_of
    tries = offer.trial_days > 0 and had in {None, subscription_id}
    order = Order(
        subscription_id=subscription_id,
        customer=customer.id,
        offer=offer.sold(at, trial=tries),
        at=at,
        quantity=line.quantity,
        add_ons=dict(line.add_ons),
        policy=line.policy or offer.policy,
        account_opened=customer.account_opened,
        by=by,
        roles=roles,
        prices=offer.coming_prices(at),
        catalog_version=known.catalog_version,
    )
    trial_of = had if offer.trial_days and not tries else None
    return Placed(order=order, claims=claims_of(customer.id, offer, trial=tries), trial_of=trial_of)


def terms_of(order: Order) -> str:
    """A digest of what a buyer agrees to, whenever it is bought: what, its prices, its trial and terms (BUY-2)."""
    agreed = {
        "offer": order.offer.model_dump(mode="json"),
        "quantity": order.quantity,
        "add_ons": order.add_ons,
        "policy": order.policy,
    }
    return hashlib.sha256(json.dumps(agreed, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:16]
