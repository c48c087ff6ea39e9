"""Why a request cannot be decided now: it is rejected, and leaves no trace in the history."""

from datetime import datetime

from domain.values import CLOCK_SKEW, format_instant


class NotNow(Exception):
    """The request cannot be decided now; it is rejected and leaves no trace in the history."""


class CommandIdReused(NotNow):
    """The command id was already used with other arguments."""


class CommandIdForgotten(NotNow):
    """The command id was used so long ago that its answer is not kept."""


class OutOfTime(NotNow):
    """The instant `at` is not allowed now."""

    @classmethod
    def check(cls, at: datetime, last: datetime, milestone: tuple[str, datetime] | None, unclocked: str | None) -> None:
        """Raise OutOfTime if `at` is before the last event or after the next milestone (its name and instant).

        `unclocked` says what has no test clock, such as `an account opened`: it takes no `at`.
        """
        words = f"at: got {format_instant(at)};"
        if unclocked:
            raise cls(f"{words} only {unclocked} with a test clock takes it")
        if at < last:
            raise cls(f"{words} it must not be before the last event ({format_instant(last)})")
        if milestone and at > milestone[1]:
            coming = f"{milestone[0]}, {format_instant(milestone[1])}"
            raise cls(f"{words} it must not be after the next milestone ({coming})")


class AheadOfClock(NotNow):
    """The instant lies after the clock of whoever decides: nothing is decided before its time (invariant 16)."""

    @classmethod
    def check(cls, at: datetime, clock: datetime) -> None:
        """Raise AheadOfClock if the instant is after the clock by more than clocks may differ."""
        if at - clock > CLOCK_SKEW:
            raise cls(f"Nothing is decided as of {format_instant(at)}: the clock says {format_instant(clock)}.")


class Unsettled(NotNow):
    """A billing date of a suspended subscription has passed, and its unbilled usage is not counted yet."""
