"""What a purchase comes to before it is made: eligibility, price and dates of each line, by the core itself (BUY-2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer
from domain.catalog.offers import Price
from domain.money import Money
from domain.ordering.eligibility import Owned, Ownership, Refusal
from domain.ordering.lines import Line
from domain.ordering.placement import Known, Placed, offered, place, terms_of
from domain.ordering.terms import Order
from domain.roles import RolePreset
from domain.subscription.decision import Decision
from domain.subscription.events import State
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.narrative import charged
from statemachines.subscription.timeline import Milestone, What, timeline


class LineReview(Frozen):
    """One line as a seller is shown it. Where it is refused, the first of `refusals` is the one to tell, and no
    dates are known; the price is shown all the same.

    `state` is the subscription's after the purchase. While pending, dates wait for the publisher's activation.
    `trial_of` is the subscription that had the one trial (TRI-4). `terms` is the digest that a purchase confirms.
    """

    number: int
    line: Line
    name: str | None = None
    refusals: tuple[Refusal, ...] = ()
    order: Order | None = None
    terms: str | None = None
    state: State | None = None
    trial_end: Instant | None = None
    trial_of: str | None = None
    activation_deadline: Instant | None = None
    first_charge: Money | None = None
    first_charge_at: Instant | None = None
    refund_until: Instant | None = None
    renews_at: Instant | None = None
    coming_prices: tuple[Price, ...] = ()


def review(
    lines: Iterable[Line],
    offers: Mapping[str, ListedOffer],
    customer: Customer,
    holdings: Mapping[str, Ownership],
    catalog_version: int,
    now: datetime,
    *,
    order_id: str,
    by: str,
    roles: RolePreset = RolePreset.DEFAULT,
    lifecycle: Lifecycle | None = None,
) -> list[LineReview]:
    """Each line as if it were bought now, after the lines before it: what one buys, the next finds owned."""
    lifecycle = lifecycle or Lifecycle()
    held = dict(holdings)
    found = []
    for number, line in enumerate(lines, start=1):
        offer, holding = offers.get(line.offer), held.get(line.offer, Ownership())
        known = Known(offer=offer, customer=customer, holding=holding, catalog_version=catalog_version)
        asked = line.model_copy(update={"terms": None})
        subscription_id = line.subscription_id or f"{order_id}-{number}"
        placed = place(
            asked, known, subscription_id=subscription_id, customer_id=customer.id, at=now, by=by, roles=roles
        )
        name = offer.name if offer else None
        if isinstance(placed, Placed):
            shown = _reviewed(number, line, name, placed, lifecycle)
            held[line.offer] = _with(holding, placed, shown)
        else:
            wanted = offered(asked, known, subscription_id=subscription_id, at=now, by=by, roles=roles)
            shown = _refused(number, line, name, placed, wanted)
        found.append(shown)
    return found


def _refused(
    number: int, line: Line, name: str | None, refusals: tuple[Refusal, ...], wanted: Placed | None
) -> LineReview:
    order = wanted.order if wanted else None
    terms = terms_of(order) if order else None
    return LineReview(number=number, line=line, name=name, refusals=refusals, order=order, terms=terms)


def _with(holding: Ownership, placed: Placed, shown: LineReview) -> Ownership:
    order = placed.order
    assert shown.state is not None
    owned = Owned(subscription_id=order.subscription_id, state=shown.state)
    tries = order.subscription_id if order.offer.trial_days else None
    return Ownership(living=(*holding.living, owned), trial_of=holding.trial_of or tries)


def _reviewed(number: int, line: Line, name: str | None, placed: Placed, lifecycle: Lifecycle) -> LineReview:
    order = placed.order
    begun = lifecycle.begin(order)
    subscription = begun.subscription
    coming = _coming(subscription)
    paid = begun
    if subscription.state is State.TRIAL:
        end = coming[What.TRIAL_END]
        paid = lifecycle.decide(subscription, end, end.at)
    charge, charged_at = _first_charge(paid)
    return LineReview(
        number=number,
        line=line,
        name=name,
        order=order,
        terms=terms_of(order),
        state=subscription.state,
        trial_end=subscription.trial_end,
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
    """By the decision that begins the paid term; where that charges nothing, its first usage is billed in arrears.

    Nothing is known while pending, and nothing is charged for what costs nothing.
    """
    subscription = paid.subscription
    if charge := charged(paid):
        return charge, subscription.last_at
    if subscription.offer.metered and subscription.term:
        return None, subscription.billing_period(1).end
    return None, None
