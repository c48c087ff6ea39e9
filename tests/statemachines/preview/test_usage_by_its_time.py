"""Random meters whose usage is reported late, while suspended, after the end, and corrected (USE-1 to USE-3).

What each report should cost is computed anew here, from the events alone.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import event, given, settings
from hypothesis import strategies as st

from domain.calendar import BillingPlan, TermLength, boundary
from domain.catalog.offers import BillingType, PinnedOffer
from domain.ordering.terms import Order
from domain.rules import Rule
from domain.subscription.events import Event, EventName, State
from domain.subscription.ledger import Kind
from statemachines.preview.simulator import Simulator
from tests.support.instants import DAY, TICK
from tests.support.simulated.invariants import the_invariants_hold
from tests.support.simulated.life import LIVING, Facts, a_command
from tests.support.simulated.random_lives import Schedule, When, Wish, orders, whens, wishes

GRACE = timedelta(hours=24)
BEGINS = {EventName.PURCHASED, EventName.ACTIVATED, EventName.BEGUN, EventName.CONVERTED, EventName.RENEWED}


@dataclass(frozen=True)
class Told:
    """A report, of an instant between the order and a little after now, or beside an event; or a correction."""

    units: int
    back: float | None
    beside: int | None
    jitter: timedelta
    corrects: int | None

    def fields(self, number: int, order: Order, events: Sequence[Event], now: datetime) -> Facts:
        fields: Facts = {"units": self.units, "usage_id": f"r-{number}"}
        if self.corrects is not None and number:
            return {**fields, "corrects": f"r-{self.corrects % number}"}
        if self.beside is not None:
            return {**fields, "used_at": (events[self.beside % len(events)].at + self.jitter).isoformat()}
        if self.back is not None:
            return {**fields, "used_at": (order.at + (now - order.at) * self.back).isoformat()}
        return fields


reports = st.builds(
    Told,
    units=st.integers(0, 20),
    back=st.none() | st.floats(-0.02, 1.02) | st.floats(0.9, 1),
    beside=st.none() | st.none() | st.integers(0, 30),
    jitter=st.sampled_from([-TICK, timedelta(0), TICK, -timedelta(hours=1)]),
    corrects=st.none() | st.none() | st.integers(0, 30),
)
soon = st.builds(
    When,
    after=st.timedeltas(timedelta(0), 3 * DAY),
    milestone=st.none() | st.integers(3, 7),
    jitter=st.sampled_from([-TICK, timedelta(0), TICK]),
    outlives=st.just(True),
)
priced = st.tuples(wishes, st.integers(1, 60)).map(
    lambda drawn: replace(drawn[0], arguments={**drawn[0].arguments, "unit_price": str(drawn[1])})
)
new_price = priced.map(lambda wish: replace(wish, do="change_price", schedule=Schedule(None, None, None)))
a_month = st.builds(When, st.timedeltas(5 * DAY, 40 * DAY), st.none(), st.just(TICK), st.just(False))
steps_of_lives = (
    st.tuples(whens, priced) | st.tuples(soon, reports) | st.tuples(a_month, new_price) | st.tuples(a_month, reports)
)
lives = st.lists(steps_of_lives, min_size=8, max_size=24)


def a_meter(order: Order, price: int, *, monthly: bool) -> Order:
    """The order, of a meter. Whole units at whole prices: no row is rounded."""
    changes: dict[str, object] = {"billing_type": BillingType.USAGE, "unit_price": Decimal(price), "add_ons": ()}
    if monthly:
        changes |= {"term": TermLength.P1M, "billing_plan": BillingPlan.MONTHLY}
    offer = order.offer.model_copy(update=changes)
    return order.model_copy(update={"offer": offer, "add_ons": {}, "quantity": 1})


def had_access(events: Sequence[Event], at: datetime) -> bool:
    """By the states that the events left."""
    states = [each.state for each in events if each.at <= at]
    return bool(states) and states[-1].users_have_access


def should_be_taken(order: Order, events: Sequence[Event], used_at: datetime, now: datetime) -> bool:
    ended = next((each.at for each in events if each.state.ended), None)
    open_still = ended is None or now < ended + GRACE
    return open_still and order.at <= used_at <= now and had_access(events, used_at)


def terms(offer: PinnedOffer, events: Sequence[Event]) -> Iterator[tuple[datetime, datetime, Decimal]]:
    """The start, the anchor and the price of each term. A pause that ends past its term's end begins one (SUS-11)."""
    anchor, ends = None, None
    for each in events:
        resumed = each.rule == Rule.SUS_11 and each.state is State.ACTIVE and (ends is None or each.at > ends)
        again = each.rule == Rule.SUS_7 or resumed
        if (each.event in BEGINS and each.state is State.ACTIVE) or again:
            anchor = each.at if anchor is None or again else anchor
            months = 0
            while (ends := boundary(anchor, months, offer.anchor_rule)) <= each.at:
                months += offer.term.months
            yield each.at, anchor, each.after.unit_price


def period_of(offer: PinnedOffer, events: Sequence[Event], used_at: datetime) -> tuple[datetime, Decimal] | None:
    """The start of the billing period, and its price; None in the trial."""
    begun = [term for term in terms(offer, events) if term[0] <= used_at]
    if not begun:
        return None
    _, anchor, price = begun[-1]
    months, start = 0, anchor
    while (following := boundary(anchor, months + offer.months_per_period, offer.anchor_rule)) <= used_at:
        months, start = months + offer.months_per_period, following
    return start, price


@given(orders(), st.integers(1, 40), st.booleans(), lives)
@settings(max_examples=80)
def test_each_unit_is_billed_once_at_the_price_and_in_the_period_of_its_use(
    bought: Order, price: int, monthly: bool, steps: list[tuple[When, Wish | Told]]
) -> None:
    order = a_meter(bought, price, monthly=monthly)
    simulator, now = Simulator(order, LIVING), order.at
    taken: dict[str, tuple[datetime, int]] = {}
    corrected: dict[str, str] = {}
    for number, (when, step) in enumerate(steps):
        now = when.instant(simulator, now)
        simulator.advance(now)
        if isinstance(step, Wish):
            command = step.command(simulator, now)
            if command.do != "report_usage":
                simulator.ask(command, now)
            continue
        events = list(simulator.book.events)
        fields = step.fields(number, order, events, now)
        answer = simulator.ask(a_command("report_usage", **fields), now)
        usage_id, of = str(fields["usage_id"]), fields.get("corrects")
        if of is not None:
            ended = next((each.at for each in events if each.state.ended), None)
            right = of in taken and of not in corrected and (ended is None or now < ended + GRACE)
            assert (answer.outcome == "done") is right, answer
            assert right or answer.rule in {Rule.USE_1, Rule.USE_3}
            if right:
                corrected[str(of)] = usage_id
                taken[usage_id] = (taken[str(of)][0], step.units)
            event("corrected" if right else "not corrected")
            continue
        used_at = datetime.fromisoformat(str(fields["used_at"])) if "used_at" in fields else now
        right = should_be_taken(order, events, used_at, now)
        assert (answer.outcome == "done") is right, (answer, used_at)
        assert answer.rule == (Rule.CXL_6 if right else Rule.USE_1)
        if right:
            taken[usage_id] = (used_at, step.units)
            event(f"taken while {events[-1].state}")
    simulator.advance(now + 900 * DAY)
    simulator.ask(a_command("deprovision"), now + 900 * DAY)
    simulator.advance(now + 902 * DAY)
    assert simulator.life.ended
    owed: dict[tuple[datetime, Decimal], int] = defaultdict(int)
    for usage_id, (used_at, units) in taken.items():
        where = period_of(simulator.life.subscription.offer, simulator.book.events, used_at)
        if usage_id not in corrected and where is not None:
            owed[where] += units
    billed: dict[datetime, Decimal] = defaultdict(Decimal)
    costs: dict[datetime, Decimal] = defaultdict(Decimal)
    for row in simulator.book.rows:
        sign = 1 if row.kind is Kind.CHARGE else -1
        billed[row.period.start] += sign * row.quantity
        costs[row.period.start] += sign * row.amount
    assert {start: units for start, units in billed.items() if units} == {s: u for (s, _), u in owed.items() if u}
    assert {s: cost for s, cost in costs.items() if cost} == {s: u * p for (s, p), u in owed.items() if u}
    the_invariants_hold(simulator)
