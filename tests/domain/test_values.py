"""TIM-1, MON-1: what an instant, a decimal and an id take, and how they are written."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.next_step import Do
from domain.subscription.effects import Access
from domain.values import (
    Frozen,
    Id,
    Strict,
    Worded,
    format_decimal,
    format_instant,
    parse_instant,
    parse_request_decimal,
)
from statemachines.audit.subscription import Invariant
from statemachines.subscription.timeline import What

EPOCH = datetime(1900, 1, 2, tzinfo=UTC)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


class Named(Strict):
    """Something with an id."""

    id: Id


class Loose(Frozen):
    """A value as an older reader knows it."""

    id: str


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00Z"),
        ("2025-12-31T23:30:00-05:30", "2026-01-01T05:00:00Z"),
        ("2026-02-01T08:59:59.999999Z", "2026-02-01T08:59:59.999999Z"),
        ("2026-02-01T08:59:59.5Z", "2026-02-01T08:59:59.500000Z"),
        ("2026-02-01 08:59Z", "2026-02-01T08:59:00Z"),
    ],
)
def test_tim_1_instants_are_read_and_written_in_utc(text: str, utc: str) -> None:
    assert format_instant(parse_instant(text)) == utc


@pytest.mark.parametrize("value", ["2026-01-31T09:00:00", datetime(2026, 1, 31, 9, tzinfo=UTC).replace(tzinfo=None)])
def test_tim_1_a_naive_instant_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="with its offset"):
        parse_instant(value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "tomorrow", "2026-01-31", "2026-02-30T09:00:00Z", "2026-01-31T25:00:00Z", "20260131T090000Z"),
        *("2026-01-31T09", date(2026, 1, 31), 1769850000, 1769850000.5, True, None, ["2026-01-31T09:00:00Z"]),
    ],
)
def test_what_is_no_instant_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        parse_instant(value)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_an_instant_outside_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="between the years"):
        parse_instant(text)


def test_finer_than_a_microsecond_is_refused_not_cut_off() -> None:
    with pytest.raises(ValueError, match="six decimals"):
        parse_instant("2026-02-01T08:59:59.9999999Z")


@given(st.timedeltas(timedelta(0), timedelta(days=2_900_000)), OFFSETS)
def test_an_instant_written_is_the_instant_read(since: timedelta, zone: timezone) -> None:
    instant = (EPOCH + since).astimezone(zone)
    parsed = parse_instant(format_instant(instant))
    assert parsed == instant
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "number"),
    [("30.00", "30.00"), ("0", "0"), (7, "7"), ("007", "7"), ("0.000000001", "0.000000001"), (10**12 - 1, "9" * 12)],
)
def test_mon_1_decimals_keep_their_digits(value: object, number: str) -> None:
    assert format_decimal(parse_request_decimal(value)) == number


@pytest.mark.parametrize(
    "value",
    [
        *(
            1.5,
            10.0,
            float("nan"),
            "NaN",
            "Infinity",
            "1e3",
            "-1",
            -1,
            "+1",
            "",
            " 1",
            "1 ",
            "1\n",
            "1.",
            ".5",
            "1,000",
        ),
        *("1_000", "0x10", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 13, "1." + "9" * 10, 10**12, 10**4000, True, None),
        *(Decimal("NaN"), Decimal("-1"), Decimal("Infinity"), ["1"]),
    ],
)
def test_mon_1_floats_and_what_is_no_plain_number_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="never a float"):
        parse_request_decimal(value)


def test_decimals_are_never_written_with_an_exponent() -> None:
    assert format_decimal(Decimal("1E+3")) == "1000"
    assert format_decimal(Decimal("1E-9")) == "0.000000001"


@pytest.mark.parametrize("text", ["a", "day-1", "A_b-9", "x" * 64])
def test_ids(text: str) -> None:
    assert Named(id=text).id == text


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "a/b", "a:b", "ä", "a\n", "a.b"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Named(id=text)


def test_strict_values_know_no_other_field_and_frozen_ones_ignore_it() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Named.model_validate({"id": "a", "more": 1})
    assert Loose.model_validate({"id": "a", "more": 1}).model_dump() == {"id": "a"}


@pytest.mark.parametrize("names", [Do, Access, Invariant, What])
def test_each_name_has_its_words(names: type[Worded]) -> None:
    assert all(member.words for member in names)
