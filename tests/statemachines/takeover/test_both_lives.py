"""MOV-5: a subscription that is exported and taken over elsewhere goes on there exactly as here."""

from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

from domain.subscription.commands import ReportUsage
from domain.takeover.row import TakeoverRow
from statemachines.preview.simulator import Simulator
from statemachines.takeover.rows import row_of, why_left_out
from statemachines.takeover.usage import usage_rows
from tests.support.instants import DAY
from tests.support.shop.taken_over import decided, known_of, simulated
from tests.support.simulated.invariants import the_audit_finds_nothing
from tests.support.simulated.life import LIVING
from tests.support.simulated.random_lives import Asked, RandomLife, lives_beginning

cuts = st.integers(0, 9)
lives = st.one_of(
    lives_beginning(),
    lives_beginning(("suspend", 40 * DAY), ("reactivate", 40 * DAY)),
    lives_beginning(("change_quantity", 3 * DAY), straight=True),
)


def money(simulator: Simulator, first: int) -> list[tuple[Any, ...]]:
    """The ledger from the event on that follows number `first`, without the keys: they have the events' numbers."""
    rows = [row for event in simulator.book.events[first:] for row in event.rows]
    return [(row.at, row.kind, row.line, row.quantity, row.amount, row.period) for row in rows]


def story(simulator: Simulator, first: int) -> list[tuple[Any, ...]]:
    """What happened from there on."""
    return [(e.at, e.event, e.state, e.rule, e.reason, e.after) for e in simulator.book.events[first:]]


def until(life: RandomLife, asked: Asked, cut: int) -> Simulator:
    """The life up to the command of that number, and with it."""
    # A usage offer has no quantity (CXL-6).
    order = life.order.model_copy(update={"quantity": 1}) if life.order.offer.metered else life.order
    simulator = Simulator(order, LIVING)
    for at, command in asked[: cut + 1]:
        simulator.ask(command, at)
    return simulator


@given(lives, cuts)
def test_mov_5_both_lives_go_on_alike(life: RandomLife, cut: int) -> None:
    _, asked = life.live()
    asked = [(at, command) for at, command in asked if command.do != "reject_quantity"]
    here = until(life, asked, cut)
    # A change that can still be rejected is not taken along: the numbers of the events are others.
    subscription = here.life.subscription.model_copy(update={"last_change": None})
    here.life = here.life.model_copy(update={"subscription": subscription})
    unbilled = [report for report in here.book.usage.values() if report.billed_by is None]
    assume(why_left_out(subscription, unbilled) is None)
    kind = "usage" if subscription.offer.metered else "licence"
    event(f"{kind}, {subscription.state}, {'term' if subscription.term else 'trial'}")
    usage = usage_rows(subscription, unbilled) if subscription.offer.metered else ()
    row = row_of(subscription, unbilled_usage=usage)
    written = row.model_dump_json(exclude_defaults=True)
    now = max([subscription.last_at, *(at for at, _ in asked[: cut + 1])])
    there = simulated(decided(TakeoverRow.model_validate_json(written), known_of(subscription), now))
    assert dict(row_of(there.life.subscription, unbilled_usage=usage)) == dict(row)
    seq, answered = subscription.seq, len(here.answers)
    # The ids of reports that are billed, or were corrected, are not taken along.
    known = set(here.book.usage)
    for at, command in asked[cut + 1 :]:
        if isinstance(command, ReportUsage) and known & {command.usage_id, command.corrects}:
            continue
        mine, other = here.ask(command, at), there.ask(command, at)
        assert {**dict(mine), "seq": 0} == {**dict(other), "seq": 0}, command
    for simulator in (here, there):
        simulator.advance(life.end)
    assert story(there, 1) == story(here, seq)
    assert money(there, 1) == money(here, seq)
    assert len(there.answers) == len(here.answers) - answered
    the_audit_finds_nothing(there)
