"""The wall clock: the one place that asks the computer for the time."""

from datetime import UTC, datetime


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
