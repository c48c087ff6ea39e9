"""Invariant 9 as a check that asserts: what the timeline shows is what happens, to the instant and the cent."""

import re
from datetime import datetime
from decimal import Decimal

from domain.subscription.events import Announcement, Event, EventName
from statemachines.preview.simulator import Simulator
from statemachines.subscription.timeline import Milestone, What, timeline
from tests.support.simulated.random_lives import copied

HAPPENS = {
    What.ACTIVATION_DEADLINE: {EventName.CANCELLED},
    What.BEGIN: {EventName.BEGUN},
    What.TRIAL_END: {EventName.CONVERTED},
    What.CHARGE_PERIOD: {EventName.PERIOD_CHARGED},
    What.RESUME: {EventName.REACTIVATED, EventName.HOLD_LIFTED},
    What.ANNOUNCE_RENEWAL: {EventName.RENEWAL_ANNOUNCED},
    What.RENEW: {EventName.RENEWED},
    What.EXPIRE: {EventName.EXPIRED},
    What.DELETE: {EventName.DELETED},
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


def the_timeline_is_what_happens_9(simulator: Simulator, now: datetime) -> None:
    """Each milestone shown now is what then happens, and nothing else happens before the first."""
    shown = shown_now(simulator, now)
    assert len({m.what for m in shown}) == len(shown)
    assert bool(shown) != simulator.life.subscription.state.ended
    if not shown:
        return
    events = what_happens(simulator, shown[-1].at)
    assert now < shown[0].at == events[0].at
    assert events[0].event in HAPPENS[shown[0].what]
    for milestone in shown:
        first = next(event for event in events if event.event in HAPPENS[milestone.what])
        assert (first.at, first.rule, first.by) == (milestone.at, milestone.rule, "system")
        the_price_is_the_one_named(milestone, first)
        if first.announces:
            the_renewal_is_as_announced(first.announces, events)
        if milestone.what in ENDS:
            assert events[-1] == first
            assert milestone == shown[-1], "nothing is shown that its end forestalls (SUS-4)"


def the_renewal_is_as_announced(announced: Announcement, events: list[Event]) -> None:
    """If nothing is asked meanwhile, it comes then and charges that, usage apart (REN-5)."""
    renewed = next(event for event in events if event.event is EventName.RENEWED)
    assert renewed.at == announced.renews_at
    charged = sum(row.amount for row in renewed.rows)
    assert charged == (announced.amount.amount if announced.amount else 0)


def the_price_is_the_one_named(milestone: Milestone, event: Event) -> None:
    """To the cent: "a new term of P1M begins at 12.50 USD a unit"."""
    named = re.search(r" at (\S+) ([A-Z]{3}) a unit", milestone.why)
    assert named or milestone.what not in {What.TRIAL_END, What.RENEW}
    if named:
        price, currency = named.groups()
        assert event.after.unit_price == Decimal(price)
        assert all(row.currency == currency for row in event.rows)
