"""The audit is silent on every life that was lived, and names the invariant of whatever does not hold (section 12)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from domain.calendar import Period
from domain.ordering.terms import Order
from domain.subscription.effects import AccessInterval
from domain.subscription.events import State
from domain.subscription.ledger import Kind
from statemachines.audit.account import CHECKS as ACCOUNT_CHECKS
from statemachines.audit.recorded import Recorded
from statemachines.audit.subscription import CHECKS, Invariant, audit
from statemachines.preview.simulator import Simulator
from tests.support.instants import DAY, instant
from tests.support.simulated.life import ALife, an_order
from tests.support.simulated.random_lives import RandomLife, lives


def recorded(simulator: Simulator, order: Order) -> Recorded:
    """The life as its book has it."""
    book = simulator.book
    return Recorded(
        subscription_id=order.subscription_id,
        offer=order.subscription().offer,
        policy=order.policy,
        events=tuple(book.events),
        rows=tuple(book.rows),
        access=tuple(book.access),
        reports=tuple(book.usage.values()),
        settled=simulator.life.subscription.usage_closed,
    )


@given(lives)
@settings(max_examples=80)
def test_nothing_is_found_in_a_life_as_it_was_lived(life: RandomLife) -> None:
    simulator, _ = life.live()
    found = recorded(simulator, life.order)
    assert audit(found) == []
    assert found.access_confirmed


def a_year() -> Recorded:
    """Bought, changed, suspended and back, charged each month, then expired."""
    order = an_order()
    life = ALife(order)
    life.ask("2026-02-20", "change_quantity", quantity=5)
    life.ask("2026-03-20", "suspend")
    life.ask("2026-03-25", "reactivate")
    life.ask("2026-04-20", "set_auto_renew", enabled=False)
    life.simulator.advance(order.at + 365 * DAY)
    return recorded(life.simulator, order)


def with_row(life: Recorded, index: int, **changes: Any) -> Recorded:
    rows = list(life.rows)
    rows[index] = rows[index].model_copy(update=changes)
    return life.model_copy(update={"rows": tuple(rows)})


def with_event(life: Recorded, index: int, **changes: Any) -> Recorded:
    events = list(life.events)
    events[index] = events[index].model_copy(update=changes)
    return life.model_copy(update={"events": tuple(events)})


def moved_period(life: Recorded) -> Recorded:
    renewed = next(i for i, row in enumerate(life.rows) if row.key == "term-2/period-1/charge/crm")
    period = life.rows[renewed].period
    return with_row(life, renewed, period=period.model_copy(update={"start": period.start - timedelta(seconds=1)}))


def empty_period(life: Recorded) -> Recorded:
    period = life.rows[0].period
    return with_row(life, 0, period=period.model_copy(update={"end": period.start}))


def doubled(life: Recorded) -> Recorded:
    return life.model_copy(update={"rows": (*life.rows, life.rows[0])})


def zero(life: Recorded) -> Recorded:
    return with_row(life, -1, amount=Decimal("0.00"))


def credited(life: Recorded) -> Recorded:
    credit = next(i for i, row in enumerate(life.rows) if row.kind is Kind.CREDIT)
    return with_row(life, credit, amount=Decimal("9000.00"))


def charged_in(state: State) -> Callable[[Recorded], Recorded]:
    def change(life: Recorded) -> Recorded:
        after = life.events[0].after.model_copy(update={"state": state})
        return with_event(life, 0, state=state, after=after)

    return change


def charged_late(life: Recorded) -> Recorded:
    event = life.events[0]
    period = event.rows[0].period
    late = event.rows[0].model_copy(update={"period": period.model_copy(update={"end": event.at})})
    return with_event(life, 0, rows=(late,))


def misdated(life: Recorded) -> Recorded:
    event = life.events[0]
    return with_event(life, 0, rows=(event.rows[0].model_copy(update={"at": event.at + DAY}),))


def open_too_long(life: Recorded) -> Recorded:
    first = life.access[0]
    assert first.end is not None
    return life.model_copy(update={"access": (AccessInterval(start=first.start, end=first.end + DAY),)})


def never_closed(life: Recorded) -> Recorded:
    return life.model_copy(update={"access": (*life.access[:-1], AccessInterval(start=life.access[0].start))})


def after_the_end(life: Recorded) -> Recorded:
    last = life.events[-1]
    return life.model_copy(update={"events": (*life.events, last.model_copy(update={"seq": last.seq + 1}))})


def gap(life: Recorded) -> Recorded:
    return life.model_copy(update={"events": (*life.events[:2], *life.events[3:])})


def nobodys(life: Recorded) -> Recorded:
    return with_event(life, 1, by="")


def without_reason(life: Recorded) -> Recorded:
    held = next(i for i, event in enumerate(life.events) if event.state is State.SUSPENDED)
    return with_event(life, held, reason=None)


def back_in_time(life: Recorded) -> Recorded:
    return with_event(life, 2, at=life.events[0].at - DAY)


def other_facts(life: Recorded) -> Recorded:
    return with_event(life, 2, before=life.events[2].before.model_copy(update={"quantity": 77}))


def ahead(life: Recorded) -> Recorded:
    return life.model_copy(update={"latest": life.events[-2].at})


def a_meter() -> Recorded:
    """Used in two months at two prices, told late, corrected, and ended."""
    order = an_order({"billing_type": "usage", "unit_price": "0.25"})
    life = ALife(order)
    life.ask("2026-01-20", "report_usage", units=100, usage_id="in-time")
    life.ask("2026-01-21", "change_price", unit_price="0.50")
    life.ask("2026-02-20", "report_usage", units=40, usage_id="late", used_at="2026-02-01T00:00:00Z")
    life.ask("2026-02-21", "report_usage", units=10, usage_id="too-much")
    life.ask("2026-03-20", "report_usage", units=4, usage_id="less", corrects="too-much")
    life.ask("2026-03-21", "deprovision")
    life.ask("2026-03-21T01:00:00Z", "report_usage", units=3, usage_id="last", used_at="2026-03-20T23:00:00Z")
    life.simulator.advance(order.at + 100 * DAY)
    return recorded(life.simulator, order)


def with_report(usage_id: str, **changes: Any) -> Callable[[Recorded], Recorded]:
    def spoil(_: Recorded) -> Recorded:
        life = a_meter()
        return life.model_copy(
            update={
                "reports": tuple(
                    each.model_copy(update=changes) if each.usage_id == usage_id else each for each in life.reports
                )
            }
        )

    return spoil


def with_usage_row(index: int, **changes: Any) -> Callable[[Recorded], Recorded]:
    return lambda _: with_row(a_meter(), index, **changes)


def billed_again(_: Recorded) -> Recorded:
    life = a_meter()
    again = life.rows[0].model_copy(update={"key": "seq-3/term-1/period-1/charge/crm"})
    return life.model_copy(update={"rows": (*life.rows, again)})


def not_billed(_: Recorded) -> Recorded:
    life = a_meter()
    return life.model_copy(update={"rows": life.rows[1:]})


def renewed_otherwise(life: Recorded) -> Recorded:
    """Its first renewal has another quantity, and none was scheduled."""
    return with_event(life, 1, after=life.events[1].after.model_copy(update={"quantity": 77}))


BREAKS: list[tuple[Callable[[Recorded], Recorded], Invariant]] = [
    (moved_period, Invariant.PERIODS_TILE),
    (empty_period, Invariant.PERIODS_TILE),
    (doubled, Invariant.CHARGED_ONCE),
    (zero, Invariant.CHARGED_ONCE),
    (credited, Invariant.CREDITS_WITHIN_CHARGES),
    (charged_in(State.TRIAL), Invariant.CHARGED_WHILE_PAID_FOR),
    (charged_in(State.SUSPENDED), Invariant.CHARGED_WHILE_PAID_FOR),
    (charged_late, Invariant.CHARGED_WHILE_PAID_FOR),
    (misdated, Invariant.CHARGED_WHILE_PAID_FOR),
    (open_too_long, Invariant.ACCESS),
    (never_closed, Invariant.ACCESS),
    (after_the_end, Invariant.THE_END_IS_FINAL),
    (gap, Invariant.NUMBERED),
    (nobodys, Invariant.NUMBERED),
    (without_reason, Invariant.NUMBERED),
    (back_in_time, Invariant.NUMBERED),
    (other_facts, Invariant.NUMBERED),
    (renewed_otherwise, Invariant.QUANTITIES),
    (ahead, Invariant.NOT_AHEAD),
    (with_report("in-time", units=Decimal(99)), Invariant.USAGE),
    (with_report("in-time", billed_by=None), Invariant.USAGE),
    (with_report("in-time", billed_by=99), Invariant.USAGE),
    (with_report("in-time", billed_by=2), Invariant.USAGE),
    (with_report("late", used_at=instant("2026-02-25")), Invariant.USAGE),
    (with_report("late", used_at=instant("2025-12-25")), Invariant.USAGE),
    (with_report("last", used_at=instant("2026-03-22")), Invariant.USAGE),
    (with_report("less", replaced=Decimal(9)), Invariant.USAGE),
    (with_report("less", corrects="in-time"), Invariant.USAGE),
    (with_report("less", corrects=None), Invariant.USAGE),
    (with_report("last", corrects="too-much", replaced=Decimal(10)), Invariant.USAGE),
    (with_usage_row(1, amount=Decimal("20.00")), Invariant.USAGE),
    (with_usage_row(1, period=Period(start=instant("2026-02-15"), end=instant("2026-03-15"))), Invariant.USAGE),
    (billed_again, Invariant.USAGE),
    (not_billed, Invariant.USAGE),
]


@pytest.mark.parametrize(("spoil", "invariant"), BREAKS)
def test_what_does_not_hold_is_named(spoil: Callable[[Recorded], Recorded], invariant: Invariant) -> None:
    life = a_year()
    assert audit(life) == []
    assert audit(a_meter()) == []
    found = [violation for violation in audit(spoil(life)) if violation.invariant is invariant]
    assert found
    assert all(violation.subscription_id == "s-1" and violation.words for violation in found)


def test_every_check_is_broken_by_something_above() -> None:
    elsewhere = {Invariant.AS_RECORDED, Invariant.TOLD_IN_ORDER, *(set(ACCOUNT_CHECKS) - set(CHECKS))}
    assert {invariant for _, invariant in BREAKS} == set(CHECKS) == set(Invariant) - elsewhere


def test_what_shows_a_violation_comes_with_it() -> None:
    life = a_year()
    (twice,) = [v for v in audit(doubled(life)) if v.invariant is Invariant.CHARGED_ONCE]
    assert twice.rows == (life.rows[0], life.rows[0])
    assert twice.words == "term-1/period-1/charge/crm is in the ledger twice"
    (numbered,) = [v for v in audit(nobodys(life)) if v.invariant is Invariant.NUMBERED]
    assert [event.seq for event in numbered.events] == [2]


def test_access_that_is_not_confirmed_yet_is_no_violation() -> None:
    life = a_year()
    behind = life.model_copy(update={"access": life.access[:-1]})
    assert audit(behind) == []
    assert not behind.access_confirmed


def test_a_pack_that_bills_on_charges_while_suspended() -> None:
    """nce-2022; of a pack that nobody knows here nothing is claimed."""
    spoilt = charged_in(State.SUSPENDED)(a_year())
    for policy in ("nce-2022", "a-later-pack"):
        life = spoilt.model_copy(update={"policy": policy})
        assert [v for v in audit(life) if v.invariant is Invariant.CHARGED_WHILE_PAID_FOR] == []


def test_invariant_16_what_is_dated_after_the_clock_is_found() -> None:
    life = a_year()
    last = life.events[-1].at
    assert audit(life.model_copy(update={"latest": last})) == []
    (found,) = audit(life.model_copy(update={"latest": last - timedelta(microseconds=1)}))
    assert (found.invariant, found.events) == (Invariant.NOT_AHEAD, (life.events[-1],))
    assert found.words.endswith("is dated in the future (2026-05-15T09:00:00Z)")
