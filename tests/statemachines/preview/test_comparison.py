"""Two courses side by side: exactly what differs between doing something and doing nothing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ordering.terms import Order
from domain.subscription.effects import AccessInterval
from domain.values import format_instant
from statemachines.preview import comparison, course
from statemachines.preview.comparison import Comparison
from statemachines.preview.course import Course, Planned
from statemachines.preview.simulator import Simulator
from tests.support.instants import DAY
from tests.support.simulated.life import a_command, an_order
from tests.support.simulated.random_lives import orders

BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
NOW = datetime(2027, 2, 10, tzinfo=UTC)
UNTIL = datetime(2027, 8, 1, tzinfo=UTC)
A_COMMAND = st.sampled_from(
    [
        ("change_quantity", {"quantity": 7}),
        ("suspend", {"reason": "fraud"}),
        ("reactivate", {"by": "global_admin"}),
        ("cancel", {"reason": "customer_request"}),
        ("set_auto_renew", {"enabled": False}),
        ("deprovision", {}),
    ]
)


def compared(order: Order, now: datetime, until: datetime, plan: list[Planned]) -> Comparison:
    """The plan beside doing nothing, on the order's subscription as it stands by then."""
    simulator = Simulator(order)
    simulator.advance(now)
    life = simulator.life
    return Comparison(
        subscription_id=order.subscription_id,
        now=now,
        nothing=Course.of(life, None, now, until),
        tried=Course.of(life, None, now, until, plan),
    )


def planned(at: datetime, do: str, **fields: object) -> Planned:
    return Planned(at, a_command(do, **fields))


@given(
    order=orders(),
    lived=st.timedeltas(timedelta(0), 400 * DAY),
    further=st.timedeltas(timedelta(0), 400 * DAY),
    steps=st.lists(st.tuples(st.timedeltas(timedelta(0), 90 * DAY), A_COMMAND), max_size=4),
)
def test_what_is_tried_is_what_doing_it_gives(
    order: Order, lived: timedelta, further: timedelta, steps: list[tuple[timedelta, tuple[str, dict[str, object]]]]
) -> None:
    """Any subscription, any plan: and what differs adds up to the difference."""
    now, plan = order.at + lived, []
    at = now
    for wait, (do, fields) in steps:
        at += wait
        plan.append(planned(at, do, **fields))
    until = at + further
    assert not list(course.plan_faults(plan, now, until))
    found = compared(order, now, until, plan)
    simulator = Simulator(order)
    simulator.advance(now)
    events, rows = len(simulator.book.events), len(simulator.book.rows)
    answers = [simulator.ask(command, at) for at, command in plan]
    simulator.advance(until)
    assert found.tried.answers == tuple(answers)
    assert found.tried.events == tuple(simulator.book.events[events:])
    assert found.tried.rows == tuple(simulator.book.rows[rows:])
    assert found.tried.subscription == simulator.life.subscription
    clipped = [each for each in simulator.book.access if each.end is None or each.end > now]
    assert [max(each.start, now) for each in clipped] == [each.start for each in found.tried.access]
    assert [each.end for each in clipped] == [each.end for each in found.tried.access]
    before, after = found.sums
    by_month = [sums.less(earlier) for earlier, sums in found.months().values()]
    assert sum((each.net for each in by_month), Decimal(0)) == after.net - before.net


def test_doing_nothing_differs_in_nothing() -> None:
    found = compared(an_order(at=format_instant(BOUGHT)), NOW, UNTIL, [])
    assert found.same
    assert found.document()["difference"] == {
        "events": {"removed": [], "added": []},
        "ledger": {"removed": [], "added": []},
        "totals": found.document()["difference"]["totals"],
        "months": [],
        "access": {"lost": [], "gained": []},
        "timeline": {"removed": [], "added": []},
    }
    (totals,) = found.document()["difference"]["totals"]
    assert totals["difference"] == {"charged": "0.00", "credited": "0.00", "net": "0.00"}


def test_an_event_that_only_has_another_number_is_no_difference() -> None:
    """A change of the quantity and back: everything after it is the same, two numbers later."""
    plan = [
        planned(NOW, "change_quantity", quantity=5),
        planned(NOW, "change_quantity", quantity=3),
    ]
    order = an_order(at=format_instant(BOUGHT), quantity=3)
    found = compared(order, NOW, UNTIL, plan)
    assert list(found.moments()) == [NOW]
    added, removed = (found.document()["difference"]["events"][side] for side in ("added", "removed"))
    assert [event["event"] for event in added] == ["quantity_changed", "quantity_changed"]
    assert removed == []
    assert list(found.months()) == ["2027-02"]


def day(number: int) -> datetime:
    return datetime(2027, 1, number, tzinfo=UTC)


def intervals(*spans: tuple[int, int | None]) -> tuple[AccessInterval, ...]:
    return tuple(AccessInterval(start=day(start), end=None if end is None else day(end)) for start, end in spans)


@pytest.mark.parametrize(
    ("these", "those", "left"),
    [
        ([(1, None)], [], [(1, None)]),
        ([(1, None)], [(1, None)], []),
        ([(1, None)], [(1, 5)], [(5, None)]),
        ([(1, None)], [(1, 5), (8, None)], [(5, 8)]),
        ([(1, None)], [(8, 9)], [(1, 8), (9, None)]),
        ([(1, 5)], [(1, None)], []),
        ([(1, 5), (8, None)], [(1, None)], []),
        ([(1, 5)], [(5, 9)], [(1, 5)]),
        ([(5, 9)], [(1, 5)], [(5, 9)]),
        ([(1, 9)], [(2, 3), (4, 5)], [(1, 2), (3, 4), (5, 9)]),
        ([], [(1, None)], []),
    ],
)
def test_time_without_other_time(
    these: list[tuple[int, int | None]], those: list[tuple[int, int | None]], left: list[tuple[int, int | None]]
) -> None:
    assert comparison._without(intervals(*these), intervals(*those)) == intervals(*left)
