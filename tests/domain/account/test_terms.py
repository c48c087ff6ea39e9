"""The terms of payment of each policy pack, and where a month ends (DOMAIN section 11; MON-5, MON-6, TIM-1)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.account.terms import TERMS, BillingTerms, HoldScope, month_end, terms_of
from domain.policy import DEFAULT_PACK, PACKS
from domain.values import format_instant, parse_instant

TICK = timedelta(microseconds=1)
CSP = (60, (1, 7, 14), 30)
# Days: due after the month's end; reminders and suspension after the due date.
TABLE: dict[str, tuple[int, tuple[int, ...], int]] = {
    "csp-2019": CSP,
    "csp-2019-china": CSP,
    "saas-fulfillment-v2": (60, (1, 7), 14),
    "nce-2022": CSP,
}


def days(terms: BillingTerms) -> tuple[int, tuple[int, ...], int | None]:
    """The terms as the table has them."""
    suspends = terms.suspends_after
    whole = timedelta(days=1)
    return (
        terms.due_after // whole,
        tuple(reminder // whole for reminder in terms.reminders),
        None if suspends is None else suspends // whole,
    )


def test_every_pack_has_its_terms() -> None:
    assert set(TABLE) == set(TERMS) == set(PACKS)


@pytest.mark.parametrize("pack", TABLE)
def test_section_11_due_reminders_and_suspension(pack: str) -> None:
    terms = terms_of(pack)
    assert terms.name == pack
    assert days(terms) == TABLE[pack]
    whole = timedelta(days=1)
    assert not terms.due_after % whole
    assert not any(reminder % whole for reminder in terms.reminders)


@pytest.mark.parametrize("pack", TABLE)
def test_mon_6_suspension_can_be_turned_off_and_nothing_else_changes(pack: str) -> None:
    terms = terms_of(pack).without_suspension()
    assert days(terms) == (*TABLE[pack][:2], None)
    assert terms.name == pack
    assert terms.without_suspension() == terms
    assert terms_of(pack).suspends_after is not None


@pytest.mark.parametrize("pack", TABLE)
def test_mon_8_mon_9_elg_10_the_defaults_of_every_pack(pack: str) -> None:
    terms = terms_of(pack)
    assert (terms.tolerance, terms.holds, terms.sell_while_held) == (Decimal("1.00"), HoldScope.UNPAID, False)


def test_a_pack_that_is_not_known_has_the_defaults_terms() -> None:
    assert terms_of("a-pack-of-tomorrow") == TERMS[DEFAULT_PACK]


@pytest.mark.parametrize(
    ("instant", "end"),
    [
        ("2026-01-15T09:00:00Z", "2026-02-01T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z"),
        ("2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z"),
        ("2024-02-28T23:59:59.999999Z", "2024-03-01T00:00:00Z"),
        ("2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2024-02-29T23:59:59.999999Z", "2024-03-01T00:00:00Z"),
        ("2100-02-28T12:00:00Z", "2100-03-01T00:00:00Z"),
        ("2026-11-30T23:59:59.999999Z", "2026-12-01T00:00:00Z"),
        ("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-12-31T23:59:59.999999Z", "2027-01-01T00:00:00Z"),
        ("1999-12-31T00:00:00Z", "2000-01-01T00:00:00Z"),
    ],
)
def test_mon_5_a_month_ends_with_the_first_instant_of_the_next(instant: str, end: str) -> None:
    assert format_instant(month_end(parse_instant(instant))) == end


def test_tim_1_months_are_half_open_and_tile() -> None:
    """The end of one is the first instant of the next, through leap and other years."""
    at = datetime(2023, 1, 1, tzinfo=UTC)
    lengths = []
    for _ in range(26):
        end = month_end(at)
        assert month_end(end - TICK) == end
        assert (end.day, end.hour, end.minute, end.second, end.microsecond) == (1, 0, 0, 0, 0)
        lengths.append((end - at).days)
        at = end
    year = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert lengths == [*year, 31, 29, *year[2:], *year[:2]]


@pytest.mark.parametrize(
    ("day", "instant", "closes"),
    [
        (1, "2026-01-15T09:00:00Z", "2026-02-01T00:00:00Z"),
        (1, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        (15, "2026-01-14T23:59:59.999999Z", "2026-01-15T00:00:00Z"),
        (15, "2026-01-15T00:00:00Z", "2026-02-15T00:00:00Z"),
        (15, "2026-01-15T00:00:00.000001Z", "2026-02-15T00:00:00Z"),
        (28, "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"),
        (28, "2024-02-29T00:00:00Z", "2024-03-28T00:00:00Z"),
        (28, "2026-12-31T12:00:00Z", "2027-01-28T00:00:00Z"),
    ],
)
def test_mon_11_a_period_closes_on_the_first_invoice_day_after_its_start(day: int, instant: str, closes: str) -> None:
    terms = terms_of(DEFAULT_PACK).model_copy(update={"invoice_day": day})
    assert format_instant(terms.closes_after(parse_instant(instant))) == closes
