"""Who may buy what, and why not (ELG-1 to ELG-9): every rule that says no, the most useful answer first."""

from collections.abc import Callable, Iterable, Iterator

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer
from domain.catalog.offers import BillingType
from domain.ordering.lines import Line
from domain.rules import Rule
from domain.subscription.events import State
from domain.values import Frozen

ELSEWHERE = "the Azure portal"
"""ELG-6, ELG-7: where what cannot be bought here is bought."""
LISTED = 8
"""How many countries, segments or add-ons a refusal names."""


class Refusal(Frozen):
    """Why not: the rule, words that a seller can pass on, and what to do instead (ELG-9).

    `subscription_id` is the one to reactivate or to change instead.
    """

    rule: Rule
    message: str
    next_step: str
    subscription_id: str | None = None

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}"


class Owned(Frozen):
    """A subscription of the customer that has not ended."""

    subscription_id: str
    state: State


class Holding(Frozen):
    """What the customer has of one offer: its living subscriptions, and who had the one trial (TRI-4)."""

    living: tuple[Owned, ...] = ()
    trial_of: str | None = None

    @property
    def suspended(self) -> Owned | None:
        """The first suspended one."""
        return next((owned for owned in self.living if owned.state is State.SUSPENDED), None)


Check = Callable[[ListedOffer, Customer, Holding], Refusal | None]


def listing_refusals(offer: ListedOffer, customer: Customer, holding: Holding) -> tuple[Refusal, ...]:
    """Every rule that hides the offer from the customer; none where it is available (ELG-1 to ELG-8)."""
    found = (check(offer, customer, holding) for check in CHECKS)
    return tuple(refusal for refusal in found if refusal)


def line_refusals(offer: ListedOffer, customer: Customer, holding: Holding, line: Line) -> tuple[Refusal, ...]:
    """Every rule by which the line cannot be bought: those of the listing, then quantity and add-ons."""
    return (*listing_refusals(offer, customer, holding), *content_refusals(offer, line))


def content_refusals(offer: ListedOffer, line: Line) -> tuple[Refusal, ...]:
    """What nobody can buy of the offer: a quantity that it has not, an add-on of another (ELG-8, BUY-4)."""
    return (*_quantity(offer, line), *_add_ons(offer, line))


def unknown_offer(offer_id: str) -> Refusal:
    """ELG-6: what the catalog does not hold cannot be bought here."""
    return Refusal(
        rule=Rule.ELG_6,
        message=f"There is no offer {offer_id} in the catalog.",
        next_step="See what there is: starter.py catalog list.",
    )


def unknown_customer(customer_id: str) -> Refusal:
    """ELG-8: a purchase needs an existing customer record."""
    return Refusal(
        rule=Rule.ELG_8,
        message=f"There is no customer {customer_id}.",
        next_step="Import the customer's record first: starter.py catalog import.",
    )


def id_taken(subscription_id: str, *, named: bool) -> Refusal:
    """BUY-3: a subscription's id belongs to one life, for ever. `named` where the line asked for it itself."""
    return Refusal(
        rule=Rule.BUY_3,
        message=f"The subscription id {subscription_id} belongs to another purchase.",
        next_step="Name another id, or none, in a new order." if named else "Order it under another order id.",
    )


def _suspended(offer: ListedOffer, customer: Customer, holding: Holding) -> Refusal | None:
    if holding.suspended is None:
        return None
    subscription_id = holding.suspended.subscription_id
    return Refusal(
        rule=Rule.ELG_2,
        message=f"{customer.name} has {offer.name} already, suspended (subscription {subscription_id}).",
        next_step=f"Reactivate {subscription_id} instead.",
        subscription_id=subscription_id,
    )


def _owned(offer: ListedOffer, customer: Customer, holding: Holding) -> Refusal | None:
    if not (offer.one_per_customer and holding.living):
        return None
    subscription_id = holding.living[0].subscription_id
    changeable = offer.billing_type is BillingType.LICENSE and holding.living[0].state is State.ACTIVE
    change = "Change the quantity of" if changeable else "Go on with"
    return Refusal(
        rule=Rule.ELG_1,
        message=f"{offer.name} is sold once to a customer, and {customer.name} has it: {subscription_id}.",
        next_step=f"{change} {subscription_id} instead.",
        subscription_id=subscription_id,
    )


def _country(offer: ListedOffer, customer: Customer, holding: Holding) -> Refusal | None:  # noqa: ARG001
    if not offer.marketplace or offer.countries is None or customer.country in offer.countries:
        return None
    return Refusal(
        rule=Rule.ELG_3,
        message=f"The publisher of {offer.name} does not support customers in {customer.country}.",
        next_step=f"Choose an offer that is sold in {customer.country}: this one is sold in {_list(offer.countries)}.",
    )


def _programme(offer: ListedOffer, customer: Customer, holding: Holding) -> Refusal | None:  # noqa: ARG001
    if not offer.marketplace or offer.in_programme:
        return None
    return Refusal(
        rule=Rule.ELG_4,
        message=f"The publisher of {offer.name} does not sell it through partners.",
        next_step="The customer can buy it from the publisher directly.",
    )


def _exclusive(offer: ListedOffer, customer: Customer, holding: Holding) -> Refusal | None:  # noqa: ARG001
    if not offer.marketplace or not offer.exclusive_to or customer.partner in offer.exclusive_to:
        return None
    return Refusal(
        rule=Rule.ELG_5,
        message=f"The publisher sells {offer.name} through chosen partners only, and {customer.partner} is not one.",
        next_step=f"Ask the publisher to admit {customer.partner}, or choose another offer.",
    )


def _transactable(offer: ListedOffer, customer: Customer, holding: Holding) -> Refusal | None:  # noqa: ARG001
    if offer.transactable:
        return None
    return Refusal(
        rule=Rule.ELG_6,
        message=f"{offer.name} is not sold here.",
        next_step=f"Look for it in {ELSEWHERE}, or choose another offer.",
    )


def _isv_usage(offer: ListedOffer, customer: Customer, holding: Holding) -> Refusal | None:  # noqa: ARG001
    if not (offer.marketplace and offer.metered):
        return None
    return Refusal(
        rule=Rule.ELG_7,
        message=f"{offer.name} is billed by usage, and of other publishers' offers only licences are sold here.",
        next_step=f"Buy it in {ELSEWHERE}.",
    )


def _segment(offer: ListedOffer, customer: Customer, holding: Holding) -> Refusal | None:  # noqa: ARG001
    if customer.segment in offer.segments:
        return None
    ours = f"the segment of {customer.name} is {customer.segment}"
    return Refusal(
        rule=Rule.ELG_8,
        message=f"{offer.name} is for {_list(offer.segments)} customers; {ours}.",
        next_step=f"Choose an offer for {customer.segment} customers.",
    )


CHECKS: tuple[Check, ...] = (
    _suspended,
    _owned,
    _country,
    _programme,
    _exclusive,
    _transactable,
    _isv_usage,
    _segment,
)
"""In the order in which refusals are told: what the customer has already, then the rules by their numbers."""


def _quantity(offer: ListedOffer, line: Line) -> Iterator[Refusal]:
    if offer.metered:
        if line.quantity != 1:
            yield Refusal(
                rule=Rule.ELG_8,
                message=f"{offer.name} is billed by what is used and has no quantity; {line.quantity} were asked for.",
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
                next_step=f"Choose one of its own: {known}." if known else "It has none: leave add-ons out.",
            )
        elif quantity > offer.max_quantity:
            yield Refusal(
                rule=Rule.ELG_8,
                message=f"Of {add_on} at most {offer.max_quantity} are sold with {offer.name}, not {quantity}.",
                next_step=f"Choose a quantity from 1 to {offer.max_quantity}.",
            )


def _from_to(offer: ListedOffer) -> str:
    return f"from {offer.min_quantity} to {offer.max_quantity}"


def _list(words: Iterable[str]) -> str:
    shown = [str(word) for word in words]
    *rest, last = [*shown[:LISTED], f"{len(shown) - LISTED} more"] if len(shown) > LISTED else shown or [""]
    return f"{', '.join(rest)} and {last}" if rest else last
