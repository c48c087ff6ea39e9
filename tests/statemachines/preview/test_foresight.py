"""What is shown is what happens: the timeline at any moment (invariant 9), and a preview (DESIGN section 4)."""

import copy
from datetime import datetime
from decimal import Decimal

from hypothesis import given, settings

from domain.subscription.commands import ReportUsage
from domain.subscription.events import Event, EventName
from statemachines.preview.simulator import Simulator
from statemachines.subscription.timeline import Milestone, What, timeline
from tests.support.simulated.life import LIVING
from tests.support.simulated.random_lives import RandomLife, copied, lives

HAPPENS = {
    What.ACTIVATION_DEADLINE: EventName.CANCELLED,
    What.TRIAL_END: EventName.CONVERTED,
    What.CHARGE_PERIOD: EventName.PERIOD_CHARGED,
    What.RENEW: EventName.RENEWED,
    What.EXPIRE: EventName.EXPIRED,
    What.DELETE: EventName.DELETED,
}
ENDS = {What.ACTIVATION_DEADLINE, What.EXPIRE, What.DELETE}


def shown_now(simulator: Simulator, now: datetime) -> list[Milestone]:
    """What the timeline says will happen."""
    return [m for m in timeline(simulator.life.subscription, now) if m.what in HAPPENS]


def what_happens(simulator: Simulator, until: datetime) -> list[Event]:
    """The events up to that instant if no command comes."""
    twin = copied(simulator)
    twin.advance(until)
    return twin.book.events[len(simulator.book.events) :]


def holds(simulator: Simulator, now: datetime) -> None:
    """Each milestone shown now is what then happens, and nothing else happens before the first."""
    shown = shown_now(simulator, now)
    assert len({m.what for m in shown}) == len(shown)
    assert bool(shown) != simulator.life.subscription.state.ended
    if not shown:
        return
    events = what_happens(simulator, shown[-1].at)
    assert now < shown[0].at == events[0].at
    assert events[0].event is HAPPENS[shown[0].what]
    for milestone in shown:
        first = next(event for event in events if event.event is HAPPENS[milestone.what])
        assert (first.at, first.rule, first.by) == (milestone.at, milestone.rule, "system")
        the_price_is_the_one_named(milestone, first)
        if milestone.what in ENDS:
            assert events[-1] == first
            break


def the_price_is_the_one_named(milestone: Milestone, event: Event) -> None:
    """To the cent: "a new term of P1M begins at 12.50 USD a unit"."""
    if milestone.what in {What.TRIAL_END, What.RENEW}:
        price, currency = milestone.why.removesuffix(" a unit").split()[-2:]
        assert event.after.unit_price == Decimal(price)
        assert all(row.currency == currency for row in event.rows)


@given(lives)
@settings(max_examples=80)
def test_invariant_9_the_timeline_at_any_moment_is_what_then_happens(life: RandomLife) -> None:
    _, asked = life.live()
    simulator = Simulator(life.order, LIVING)
    holds(simulator, life.order.at)
    for at, command in asked:
        simulator.ask(command, at)
        holds(simulator, at)


@given(lives)
@settings(max_examples=80)
def test_invariant_9_nothing_happens_that_was_not_shown_just_before(life: RandomLife) -> None:
    """The other way round, along the whole life: each event of the system's own was the head of the timeline."""
    _, asked = life.live()
    simulator = Simulator(life.order, LIVING)
    for at, command in [*asked, (life.end, None)]:
        while (shown := shown_now(simulator, simulator.life.subscription.last_at)) and shown[0].at <= at:
            seen = len(simulator.book.events)
            simulator.advance(shown[0].at)
            first = simulator.book.events[seen]
            assert (first.event, first.at, first.rule) == (HAPPENS[shown[0].what], shown[0].at, shown[0].rule)
        seen = len(simulator.book.events)
        simulator.advance(at)
        assert len(simulator.book.events) == seen
        if command:
            simulator.ask(command, at)


@given(lives)
@settings(max_examples=80)
def test_a_preview_is_the_execution(life: RandomLife) -> None:
    """Asked on a copy first: the same answer and the same subscription, and the life is untouched by the asking."""
    _, asked = life.live()
    simulator = Simulator(life.order, LIVING)
    for at, command in asked:
        kept = simulator.life
        books = {name: copy.copy(value) for name, value in simulator.book.__dict__.items()}
        preview, bare = copied(simulator), Simulator.resumed(simulator.life, LIVING)
        shown, shown_without_books = preview.ask(command, at), bare.ask(command, at)
        assert simulator.life is kept
        assert simulator.book.__dict__ == books
        assert simulator.ask(command, at) == shown
        assert simulator.life == preview.life
        # A usage id's past and the units used are in the books alone.
        if not isinstance(command, ReportUsage) and command.do != "deprovision":
            assert shown_without_books == shown
            uncounted = {"unbilled_usage": None}
            assert bare.life.subscription.model_copy(update=uncounted) == simulator.life.subscription.model_copy(
                update=uncounted
            )
