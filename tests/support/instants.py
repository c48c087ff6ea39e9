"""Instants and spans of time that tests name."""

from datetime import UTC, datetime, timedelta

from domain.values import parse_instant

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONTH = timedelta(days=30)
START = datetime(2026, 1, 31, 9, tzinfo=UTC)
"""When subscriptions in the books begin, on the last day of a month."""


def instant(at: str | datetime) -> datetime:
    """An instant, or the text of one: a date is its midnight."""
    if isinstance(at, datetime):
        return at
    return parse_instant(at if "T" in at else f"{at}T00:00:00Z")
