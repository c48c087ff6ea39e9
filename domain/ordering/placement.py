"""Place one line of an order: decide on its purchase terms or refuse it, from values alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer
from domain.ordering.cart import Cart
from domain.ordering.eligibility import Ownership, Refusal, UnpaidHold, line_refusals, unknown_customer, unknown_offer
from domain.ordering.lines import Line
from domain.ordering.terms import Order, begins_too_early_or_late
from domain.roles import Action, RolePreset, denial
from domain.rules import Rule
from domain.values import Frozen, fingerprint, format_instant


class Claim(Frozen):
    """A key that only one subscription can hold. A permanent claim is kept after the subscription ends."""

    key: str
    permanent: bool


def one_per_customer(customer_id: str, offer_id: str) -> Claim:
    """ELG-1: released by the subscription's last event."""
    return Claim(key=f"one-per-customer/{customer_id}/{offer_id}", permanent=False)


def one_trial(customer_id: str, offer_id: str) -> Claim:
    """TRI-4: never released, unless the trial never began."""
    return Claim(key=f"trial/{customer_id}/{offer_id}", permanent=True)


def claims_of(customer_id: str, offer: ListedOffer, *, trial: bool) -> tuple[Claim, ...]:
    """Return what a subscription to the offer must claim; `trial` says whether it gets the offer's trial."""
    found = []
    if offer.one_per_customer:
        found.append(one_per_customer(customer_id, offer.id))
    if trial and offer.trial_days:
        found.append(one_trial(customer_id, offer.id))
    return tuple(found)


class Known(Frozen):
    """What catalog and books say when a line is placed. `offer` and `customer` are None if they are unknown.

    `unpaid` are the holds that keep the customer from buying (ELG-10).
    """

    offer: ListedOffer | None
    customer: Customer | None
    owned: Ownership
    catalog_version: int
    unpaid: tuple[UnpaidHold, ...] = ()


@dataclass(frozen=True)
class CartFacts:
    """A customer's cart and what a review of it needs, all of one moment. Unknown offers are left out."""

    customer: Customer
    cart: Cart
    offers: Mapping[str, ListedOffer]
    owned: Mapping[str, Ownership]
    catalog_version: int
    unpaid: tuple[UnpaidHold, ...] = ()


class Placed(Frozen):
    """The purchase terms of a line and its claims. `trial_of` is the subscription that used the trial before."""

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
    """Decide on the line as of `at`. Returns its purchase terms, or every refusal with the most important one first."""
    if denied := denial(by, Action.BUY, roles):
        step = "Ask someone with another role to buy it."
        return (Refusal(rule=denied.rule, message=denied.message, next_step=step),)
    if known.customer is None:
        return (unknown_customer(customer_id),)
    if known.offer is None:
        return (unknown_offer(line.offer),)
    if refusals := line_refusals(known.offer, known.customer, known.owned, line, known.unpaid):
        return refusals
    if line.begins_at and (takes := begins_too_early_or_late(at, line.begins_at)):
        message = f"begins_at: got {format_instant(line.begins_at)}; takes {takes}."
        return (
            Refusal(rule=Rule.BUY_6, message=message, next_step="Choose another instant, or let it begin at once."),
        )
    placed = offered(line, known, subscription_id=subscription_id, at=at, by=by, roles=roles)
    assert placed is not None
    if faults := list(placed.order.faults()):
        message = f"{known.offer.name} cannot be priced: {'; '.join(map(str, faults))}."
        step = "Choose a smaller quantity, or correct the offer in the catalog."
        return (Refusal(rule=Rule.ELG_8, message=message, next_step=step),)
    if line.terms is not None and line.terms != terms_of(placed.order):
        message = f"The terms of {known.offer.name} have changed since the review."
        return (Refusal(rule=Rule.BUY_2, message=message, next_step="Review it again in a cart, then buy it."),)
    return placed


def offered(
    line: Line, known: Known, *, subscription_id: str, at: datetime, by: str, roles: RolePreset = RolePreset.DEFAULT
) -> Placed | None:
    """Return the purchase terms as if no rule refused the line; None if the offer or the customer is unknown."""
    offer, customer = known.offer, known.customer
    if offer is None or customer is None:
        return None
    had = known.owned.trial_of
    tries = offer.trial_days > 0 and had in {None, subscription_id}
    order = Order(
        subscription_id=subscription_id,
        customer=customer.id,
        offer=offer.sold(at, trial=tries),
        at=at,
        begins_at=line.begins_at,
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
    """Return a digest of what a buyer agrees to: offer, prices, trial, quantities and policy, but no dates (BUY-2)."""
    agreed = {
        "offer": order.offer.model_dump(mode="json"),
        "quantity": order.quantity,
        "add_ons": order.add_ons,
        "policy": order.policy,
    }
    return fingerprint(agreed)
