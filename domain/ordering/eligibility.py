"""Eligibility (ELG-1 to ELG-10): which rules refuse an offer to a customer, the most useful answer first."""

from collections.abc import Iterable, Iterator, Sequence

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer
from domain.catalog.offers import BillingType
from domain.next_step import Do, NextStep
from domain.ordering.lines import Line
from domain.rules import Rule
from domain.subscription.events import State
from domain.values import Frozen

ELSEWHERE = "the Azure portal"
"""ELG-6, ELG-7: where a customer can buy what is not sold here."""
CHOOSE_OFFER = NextStep(Do.LIST_OFFERS, words="Choose an offer from the catalog")
IMPORT_CUSTOMER = NextStep(Do.IMPORT_CATALOG, words="Import the customer's record first")

LISTED = 8
"""A refusal names at most this many countries, segments or add-ons."""


class Refusal(Frozen):
    """Why a line cannot be bought: the rule, a message for the buyer, and what to do instead (ELG-9).

    `subscription_id` is the existing subscription to reactivate or change instead, if there is one.
    """

    rule: Rule
    message: str
    next_step: str
    subscription_id: str | None = None

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}"


class Owned(Frozen):
    """One of the customer's subscriptions that has not ended."""

    subscription_id: str
    state: State


class Ownership(Frozen):
    """What a customer has of one offer: subscriptions that have not ended, and the one that used the trial (TRI-4)."""

    living: tuple[Owned, ...] = ()
    trial_of: str | None = None

    @property
    def suspended(self) -> Owned | None:
        """The first suspended subscription, or None."""
        return next((owned for owned in self.living if owned.state is State.SUSPENDED), None)


class UnpaidHold(Frozen):
    """A subscription that the customer's account holds for nonpayment; `invoice` is None if it is not known which."""

    subscription_id: str
    invoice: str | None = None


def listing_refusals(
    offer: ListedOffer, customer: Customer, owned: Ownership, unpaid: Sequence[UnpaidHold] = ()
) -> tuple[Refusal, ...]:
    """Return a refusal for every rule that hides the offer from the customer (ELG-1 to ELG-10); empty if available.

    First comes what the customer already has, then the other rules by number. `unpaid` are the holds that keep the
    customer from buying.
    """
    return (*_already_had(offer, customer, owned), *_not_for(offer, customer), *_unpaid(customer, unpaid))


def line_refusals(
    offer: ListedOffer, customer: Customer, owned: Ownership, line: Line, unpaid: Sequence[UnpaidHold] = ()
) -> tuple[Refusal, ...]:
    """Return a refusal for every rule that the line breaks: the listing's, quantity and add-ons, nonpayment last."""
    content = content_refusals(offer, line)
    return (*listing_refusals(offer, customer, owned), *content, *_unpaid(customer, unpaid))


def content_refusals(offer: ListedOffer, line: Line) -> tuple[Refusal, ...]:
    """Return refusals that hold for every customer: a wrong quantity, or an add-on that the offer does not have."""
    return (*_quantity(offer, line), *_add_ons(offer, line))


def unknown_offer(offer_id: str) -> Refusal:
    """ELG-6: the offer is not in the catalog."""
    message = f"There is no offer {offer_id} in the catalog."
    return Refusal(rule=Rule.ELG_6, message=message, next_step=str(CHOOSE_OFFER))


def unknown_customer(customer_id: str) -> Refusal:
    """ELG-8: a purchase needs a customer record."""
    message = f"There is no customer {customer_id}."
    return Refusal(rule=Rule.ELG_8, message=message, next_step=str(IMPORT_CUSTOMER))


def id_taken(subscription_id: str, *, named: bool) -> Refusal:
    """BUY-3: a subscription id is never used twice. `named` says that the line itself asked for this id."""
    return Refusal(
        rule=Rule.BUY_3,
        message=f"The subscription id {subscription_id} belongs to another purchase.",
        next_step="Choose another id, or leave it out, in a new order." if named else "Use another order id.",
    )


def _already_had(offer: ListedOffer, customer: Customer, owned: Ownership) -> Iterator[Refusal]:
    if owned.suspended is not None:
        subscription_id = owned.suspended.subscription_id
        yield Refusal(
            rule=Rule.ELG_2,
            message=f"{customer.name} already has {offer.name}, suspended (subscription {subscription_id}).",
            next_step=f"Reactivate {subscription_id} instead.",
            subscription_id=subscription_id,
        )
    if offer.one_per_customer and owned.living:
        first = owned.living[0]
        changeable = offer.billing_type is BillingType.LICENSE and first.state is State.ACTIVE
        had = f"{customer.name} already has it: {first.subscription_id}"
        yield Refusal(
            rule=Rule.ELG_1,
            message=f"A customer can have {offer.name} only once, and {had}.",
            next_step=f"{'Change the quantity of' if changeable else 'Use'} {first.subscription_id} instead.",
            subscription_id=first.subscription_id,
        )


def _not_for(offer: ListedOffer, customer: Customer) -> Iterator[Refusal]:
    country, partner = customer.country, customer.partner
    if offer.marketplace and offer.countries is not None and country not in offer.countries:
        yield Refusal(
            rule=Rule.ELG_3,
            message=f"The publisher of {offer.name} does not support customers in {country}.",
            next_step=f"Choose an offer that is sold in {country}. This one is sold in {_list(offer.countries)}.",
        )
    if offer.marketplace and not offer.in_programme:
        yield Refusal(
            rule=Rule.ELG_4,
            message=f"The publisher of {offer.name} does not sell it through partners.",
            next_step="The customer can buy it from the publisher directly.",
        )
    if offer.marketplace and offer.exclusive_to and partner not in offer.exclusive_to:
        yield Refusal(
            rule=Rule.ELG_5,
            message=f"The publisher sells {offer.name} through selected partners only; {partner} is not one.",
            next_step=f"Ask the publisher to add {partner}, or choose another offer.",
        )
    if not offer.transactable:
        yield Refusal(
            rule=Rule.ELG_6,
            message=f"{offer.name} is not sold here.",
            next_step=f"Look for it in {ELSEWHERE}, or choose another offer.",
        )
    if offer.marketplace and offer.metered:
        yield Refusal(
            rule=Rule.ELG_7,
            message=f"{offer.name} is billed by usage. Offers of other publishers are sold here as licences only.",
            next_step=f"Buy it in {ELSEWHERE}.",
        )
    if customer.segment not in offer.segments:
        segment = f"{customer.name} is in the {customer.segment} segment"
        yield Refusal(
            rule=Rule.ELG_8,
            message=f"{offer.name} is for {_list(offer.segments)} customers; {segment}.",
            next_step=f"Choose an offer for {customer.segment} customers.",
        )


def _unpaid(customer: Customer, unpaid: Sequence[UnpaidHold]) -> Iterator[Refusal]:
    if not unpaid:
        return
    invoices = _list(sorted({hold.invoice for hold in unpaid if hold.invoice})) or "what is unpaid"
    held = _list(sorted({hold.subscription_id for hold in unpaid}))
    yield Refusal(
        rule=Rule.ELG_10,
        message=f"{customer.name} is suspended for nonpayment ({held}), and is sold nothing until that is lifted.",
        next_step=f"Pay {invoices} first.",
    )


def _quantity(offer: ListedOffer, line: Line) -> Iterator[Refusal]:
    if offer.metered:
        if line.quantity != 1:
            yield Refusal(
                rule=Rule.ELG_8,
                message=f"{offer.name} is billed by usage and has no quantity, but the line asks for {line.quantity}.",
                next_step="Buy it without a quantity.",
            )
    elif not offer.min_quantity <= line.quantity <= offer.max_quantity:
        yield Refusal(
            rule=Rule.ELG_8,
            message=f"{offer.name} is sold in quantities {_from_to(offer)}, not {line.quantity}.",
            next_step=f"Choose a quantity {_from_to(offer)}.",
        )


def _add_ons(offer: ListedOffer, line: Line) -> Iterator[Refusal]:
    known = _list(add_on.id for add_on in offer.add_ons)
    for add_on, quantity in line.add_ons.items():
        if offer.add_on(add_on) is None:
            yield Refusal(
                rule=Rule.BUY_4,
                message=f"{offer.name} has no add-on {add_on}.",
                next_step=f"Choose one of its add-ons: {known}." if known else "It has no add-ons: leave them out.",
            )
        elif quantity > offer.max_quantity:
            yield Refusal(
                rule=Rule.ELG_8,
                message=f"{offer.name} is sold with at most {offer.max_quantity} of {add_on}, not {quantity}.",
                next_step=f"Choose a quantity from 1 to {offer.max_quantity}.",
            )


def _from_to(offer: ListedOffer) -> str:
    return f"from {offer.min_quantity} to {offer.max_quantity}"


def _list(words: Iterable[str]) -> str:
    shown = [str(word) for word in words]
    *rest, last = [*shown[:LISTED], f"{len(shown) - LISTED} more"] if len(shown) > LISTED else shown or [""]
    return f"{', '.join(rest)} and {last}" if rest else last
