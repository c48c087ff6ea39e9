"""Spreads what many subscriptions do at one instant, such as renewals on the first of a month."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zlib import crc32

from domain.subscription.commands import Command
from domain.subscription.subscription import Subscription
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import Milestone, next_milestone, wakes_at
from workflows.durable.decisions import Decisions


class Spread:
    """By how much later than their instants a subscription's renewals and charges are decided, with the same dates.

    `late_by` is always the same for one id, from nothing up to the spread. The ids of many subscriptions give all
    values equally often, whatever the ids are like. `now` is the subscription's clock.
    """

    def __init__(self, subscription_id: str, seconds: int, now: Callable[[], datetime]) -> None:
        self._now = now
        self.seconds = seconds
        self.late_by = timedelta(seconds=seconds) * crc32(subscription_id.encode()) // 2**32

    def coming(self, subscription: Subscription) -> tuple[Milestone, datetime]:
        """The next milestone, which there must be, and when it is decided."""
        milestone, at = next_milestone(subscription), wakes_at(subscription, self.late_by)
        assert milestone is not None
        assert at is not None
        return milestone, at

    def take_due_milestone(self, decisions: Decisions[Life, Command]) -> bool:
        """Take the next milestone that is due, once it is to be decided; whether one was. Raises AheadOfClock."""
        at = wakes_at(decisions.life.subscription, self.late_by)
        return (at is None or at <= self._now()) and decisions.take_due_milestone()
