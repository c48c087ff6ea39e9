"""Invariant 13: when a publisher is told again, and when that is given up."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.notification import FIRST_PAUSE, DeliveryTerms, NotificationStatus

START = datetime(2026, 1, 31, 9, tzinfo=UTC)
TERMS = st.builds(DeliveryTerms, tries=st.integers(1, 10_000), window_hours=st.integers(1, 168))
SPREADS = st.integers(0, 10**9)
ASKED = st.none() | st.timedeltas(timedelta(days=-1), timedelta(days=2))


def tries_of(terms: DeliveryTerms, spread: int, lasting: timedelta = timedelta(0)) -> list[datetime]:
    """The instants of all tries of a publisher that never takes it, each try lasting so long."""
    tried, at = [START], START
    while (then := terms.next_try(len(tried), START, at + lasting, None, spread)) is not None:
        tried.append(then)
        at = then
    return tried


@given(terms=TERMS, tries=st.integers(1, 10_000), late=st.timedeltas(timedelta(0), timedelta(days=8)), asked=ASKED)
def test_a_next_try_is_after_the_last_and_never_beyond_the_window(
    terms: DeliveryTerms, tries: int, late: timedelta, asked: timedelta | None
) -> None:
    now = START + late
    then = terms.next_try(tries, START, now, asked, spread=7)
    if tries >= terms.tries or late >= terms.window:
        assert then is None
    else:
        assert then is not None
        assert now <= then <= START + terms.window


@given(tries=st.integers(1, 9_999), spread=SPREADS)
def test_a_pause_is_bounded_and_never_shorter_than_the_one_before(tries: int, spread: int) -> None:
    terms = DeliveryTerms(tries=10_000)
    pauses = []
    for count in (tries, tries + 1):
        then = terms.next_try(count, START, START, None, spread)
        if then is not None:
            pauses.append(then - START)
    assert pauses == sorted(pauses)
    assert all(FIRST_PAUSE / 2 <= pause <= terms.longest_pause for pause in pauses)


@given(spread=SPREADS)
def test_pauses_double_until_they_are_the_longest(spread: int) -> None:
    terms = DeliveryTerms(tries=500)
    tried = tries_of(terms, spread)
    pauses = [after - before for before, after in pairwise(tried)]
    for shorter, longer in pairwise(pauses[:6]):
        assert abs(longer - shorter * 2) <= timedelta(microseconds=2)
    assert pauses[7] == pauses[8] >= terms.longest_pause / 2


@given(first=SPREADS)
def test_500_tries_last_8_hours(first: int) -> None:
    """With a pause of its own for each try, as the activity has it: neither limit leaves much of the other."""
    tried, spreads = [START], Random(first)
    while (then := DeliveryTerms().next_try(len(tried), START, tried[-1], None, spreads.randrange(10**9))) is not None:
        tried.append(then)
    assert 450 <= len(tried) <= 500
    assert START + timedelta(hours=7, minutes=30) <= tried[-1] <= START + timedelta(hours=8)


@given(
    terms=st.builds(DeliveryTerms, tries=st.integers(1, 200), window_hours=st.integers(1, 3)),
    spread=SPREADS,
    lasting=st.timedeltas(timedelta(0), timedelta(seconds=30)),
)
def test_it_is_tried_at_most_so_often_and_the_last_time_within_the_window(
    terms: DeliveryTerms, spread: int, lasting: timedelta
) -> None:
    tried = tries_of(terms, spread, lasting)
    assert len(tried) <= terms.tries
    assert tried[-1] <= START + terms.window
    assert len(tried) == terms.tries or tried[-1] + lasting >= START + terms.window


def test_a_publisher_that_is_slow_is_tried_until_the_windows_end() -> None:
    tried = tries_of(DeliveryTerms(), 999, timedelta(seconds=15))
    assert len(tried) < 500
    assert tried[-1] == START + timedelta(hours=8)


def test_the_publishers_own_pause_goes_before_up_to_the_windows_end() -> None:
    terms = DeliveryTerms(window_hours=1)
    assert terms.next_try(1, START, START, timedelta(minutes=7), 0) == START + timedelta(minutes=7)
    assert terms.next_try(1, START, START, timedelta(hours=24), 0) == START + timedelta(hours=1)
    # No publisher makes a busy loop of us.
    assert terms.next_try(400, START, START, timedelta(0), 0) == START + FIRST_PAUSE / 2


def test_messages_are_spread_over_the_upper_half_of_a_pause() -> None:
    terms = DeliveryTerms()
    pauses = {(terms.next_try(20, START, START, None, spread) or START) - START for spread in range(1000)}
    assert len(pauses) == 1000
    assert min(pauses) == terms.longest_pause / 2


@pytest.mark.parametrize(
    "bad", [{"tries": 0}, {"tries": 10_001}, {"window_hours": 0}, {"window_hours": 169}, {"of": 1}]
)
def test_terms_are_bounded(bad: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        DeliveryTerms.model_validate(bad)


def test_what_is_done_lets_the_next_one_be_told() -> None:
    assert {standing for standing in NotificationStatus if standing.done} == {
        NotificationStatus.DELIVERED,
        NotificationStatus.SKIPPED,
        NotificationStatus.NOT_IN_DIALECT,
    }
