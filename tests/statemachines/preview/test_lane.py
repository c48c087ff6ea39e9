"""A lane shows what happened, and of what is to come exactly what then happens."""

from collections.abc import Callable, Iterable
from itertools import groupby, pairwise

import pytest

from domain.subscription.events import State
from statemachines.preview.lane import Band, Kept, Lane
from tests.support.instants import instant
from tests.support.simulated import lanes
from tests.support.simulated.lanes import AHEAD, TODAY, lane
from tests.support.simulated.life import ALife, an_order

LIVES = (lanes.changed_and_suspended, lanes.suspended_now, lanes.cancelled_in_time, lanes.on_trial, lanes.crowded)


def spans(shown: Lane) -> list[tuple[str, str, str, bool]]:
    return [(b.state.value, f"{b.period.start:%m-%d}", f"{b.period.end:%m-%d}", b.foreseen) for b in shown.bands]


def states(bands: Iterable[Band]) -> list[State]:
    """Each state once where it follows another."""
    return [state for state, _ in groupby(band.state for band in bands)]


def windows(shown: Lane) -> list[tuple[Kept, str, str]]:
    return [(w.kept, f"{w.period.start:%m-%d}", f"{w.period.end:%m-%d}") for w in shown.windows]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_bands_tile_from_the_purchase_to_the_end(life: Callable[[], ALife]) -> None:
    shown = lane(life())
    assert shown.bands[0].period.start == shown.turns[0].at
    assert all(before.period.end == after.period.start for before, after in pairwise(shown.bands))
    assert shown.bands[-1].period.end == shown.until
    assert all(band.period.end <= shown.now for band in shown.bands if not band.foreseen)


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_what_is_to_come_is_what_then_happens(life: Callable[[], ALife]) -> None:
    lived = life()
    before, rows = lane(lived), len(lived.simulator.book.rows)
    lived.until(before.until)
    assert list(before.to_come) == lived.simulator.book.rows[rows:]
    happened = [band for band in lane(lived).bands if band.period.start < before.until or band.state.ended]
    assert states(happened) == states(before.bands)


def test_the_running_state_is_cut_at_now() -> None:
    assert spans(lane(lanes.changed_and_suspended())) == [
        ("active", "01-15", "05-02", False),
        ("suspended", "05-02", "06-10", False),
        ("active", "06-10", "11-30", False),
        ("active", "11-30", "12-01", True),
    ]


def test_turns_leave_out_what_the_calendar_repeats() -> None:
    events = [event.event for event in lane(lanes.changed_and_suspended()).turns]
    assert events == ["purchased", "quantity_changed", "suspended", "reactivated"]


def test_windows_of_refund_and_retention() -> None:
    assert windows(lane(lanes.suspended_now())) == [
        (Kept.REFUND, "01-15", "01-29"),
        (Kept.RETENTION, "11-30", "02-28"),
    ]


def test_a_window_ends_with_the_subscription() -> None:
    assert windows(lane(lanes.cancelled_in_time())) == [(Kept.REFUND, "01-15", "01-20")]


def test_the_window_that_opens_at_each_renewal_is_foreseen() -> None:
    shown = lane(ALife(an_order(policy="nce-2022")).until("2026-01-20"), instant("2026-04-01"))
    starts = [window.period.start for window in shown.windows if window.kept is Kept.REFUND]
    assert [f"{at:%m-%d}" for at in starts] == ["01-15", "02-15", "03-15"]


def test_an_offer_that_is_never_credited_has_no_refund_window() -> None:
    shown = lane(ALife(an_order({"publisher": "microsoft"})).until(TODAY))
    assert windows(shown) == []


def test_deletion_ends_the_lane_and_the_looking_ahead() -> None:
    shown = lane(lanes.suspended_now())
    assert shown.bands[-1].state is State.DELETED
    assert shown.bands[-1].foreseen
    assert shown.until == shown.foreseen[-1].milestone.at < shown.now + AHEAD
    assert shown.to_come == ()


def test_the_words_of_a_milestone_have_its_money() -> None:
    (first, *_) = lane(lanes.on_trial()).foreseen
    assert first.words == "Trial ends: first charge USD 30.00"


def test_events_that_the_books_lack_yet_are_shown() -> None:
    lived = lanes.on_trial()
    lived.ask(TODAY, "change_quantity", quantity=9)
    book = lived.simulator.book
    shown = lane(lived)
    del book.events[-1]
    assert lane(lived).turns == shown.turns
