"""Reviews a purchase before it is made: eligibility, price and dates of each line (BUY-2)."""

from collections.abc import Mapping
from datetime import datetime

from domain.catalog.offers import Price
from domain.money import Money
from domain.ordering.eligibility import Owned, Ownership, Refusal
from domain.ordering.lines import Line
from domain.ordering.placement import CartFacts, Known, Placed, offered, place, terms_of
from domain.ordering.terms import Order
from domain.subscription.decision import Decision
from domain.subscription.events import State
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import charged
from statemachines.subscription.timeline import Milestone, What, timeline


class LineReview(Frozen):
    """One line as shown to the seller.

    A refused line has `refusals`, the most important first, and no dates; the price is shown all the same. `state` is
    the state of the subscription after the purchase; while pending, dates are unknown until the publisher activates.
    `trial_of` is the subscription that used up the customer's trial (TRI-4). `terms` is the digest that the purchase
    confirms.
    """

    number: int
    line: Line
    name: str | None = None
    refusals: tuple[Refusal, ...] = ()
    order: Order | None = None
    terms: str | None = None
    state: State | None = None
    begins_at: Instant | None = None
    trial_end: Instant | None = None
    trial_of: str | None = None
    activation_deadline: Instant | None = None
    first_charge: Money | None = None
    first_charge_at: Instant | None = None
    refund_until: Instant | None = None
    renews_at: Instant | None = None
    coming_prices: tuple[Price, ...] = ()


def review(facts: CartFacts, at: datetime, *, by: str, lifecycle: Lifecycle | None = None) -> tuple[LineReview, ...]:
    """Review each line of the cart as if `by` bought it at that instant; a line counts the lines before it as owned.

    It decides with the same core that later runs the subscription, so what it shows is what will happen.
    """
    lifecycle = lifecycle or Lifecycle()
    had, customer = dict(facts.owned), facts.customer
    found = []
    for number, line in enumerate(facts.cart.lines, start=1):
        offer, owned = facts.offers.get(line.offer), had.get(line.offer, Ownership())
        known = Known(
            offer=offer,
            customer=customer,
            owned=owned,
            catalog_version=facts.catalog_version,
            unpaid=facts.unpaid,
        )
        asked = line.model_copy(update={"terms": None})
        subscription_id = line.subscription_id or f"{facts.cart.id}-{number}"
        placed = place(asked, known, subscription_id=subscription_id, customer_id=customer.id, at=at, by=by)
        name = offer.name if offer else None
        if isinstance(placed, Placed):
            shown = _reviewed(number, line, name, placed, lifecycle)
            had[line.offer] = _with(owned, placed, shown)
        else:
            wanted = offered(asked, known, subscription_id=subscription_id, at=at, by=by)
            order = wanted.order if wanted else None
            terms = terms_of(order) if order else None
            shown = LineReview(number=number, line=line, name=name, refusals=placed, order=order, terms=terms)
        found.append(shown)
    return tuple(found)


_BEFORE_PAID = (What.BEGIN, What.TRIAL_END)
"""What a purchase goes through by itself until it is paid."""


def _with(owned: Ownership, placed: Placed, shown: LineReview) -> Ownership:
    order = placed.order
    assert shown.state is not None
    bought = Owned(subscription_id=order.subscription_id, state=shown.state)
    tries = order.subscription_id if order.offer.trial_days else None
    return Ownership(living=(*owned.living, bought), trial_of=owned.trial_of or tries)


def _reviewed(number: int, line: Line, name: str | None, placed: Placed, lifecycle: Lifecycle) -> LineReview:
    order = placed.order
    begun = lifecycle.begin(order)
    subscription, trial_end = begun.subscription, begun.subscription.trial_end
    coming = _coming(subscription)
    paid = begun
    while step := next((each for each in _coming(paid.subscription).values() if each.what in _BEFORE_PAID), None):
        paid = lifecycle.decide(paid.subscription, step, step.at)
        trial_end = trial_end or paid.subscription.trial_end
    charge, charged_at = _first_charge(paid)
    return LineReview(
        number=number,
        line=line,
        name=name,
        order=order,
        terms=terms_of(order),
        state=subscription.state,
        begins_at=subscription.begins_at,
        trial_end=trial_end,
        trial_of=placed.trial_of,
        activation_deadline=_when(coming, What.ACTIVATION_DEADLINE),
        first_charge=charge,
        first_charge_at=charged_at,
        refund_until=_when(coming, What.REFUND_WINDOW_CLOSES),
        renews_at=_when(_coming(paid.subscription), What.RENEW),
        coming_prices=order.prices,
    )


def _coming(subscription: Subscription) -> dict[What, Milestone]:
    return {milestone.what: milestone for milestone in timeline(subscription, subscription.last_at)}


def _when(coming: Mapping[What, Milestone], what: What) -> datetime | None:
    return coming[what].at if what in coming else None


def _first_charge(paid: Decision) -> tuple[Money | None, datetime | None]:
    """The first charge and its instant, from the decision that begins the paid term.

    For usage offers the amount is unknown and the instant is the end of the first period. Both are None while pending,
    and for what costs nothing.
    """
    subscription = paid.subscription
    if charge := charged(paid):
        return charge, subscription.last_at
    if subscription.offer.metered and subscription.term:
        return None, subscription.billing_period(1).end
    return None, None
