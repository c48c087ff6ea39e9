"""Counts unbilled usage again when a report comes late, so that the timeline shows the milestone that bills it."""

from domain.subscription.commands import Command
from domain.values import Frozen, Id, Instant, Strict
from statemachines.subscription.life import Life, LifeSteps
from workflows.durable.decisions import Decisions


class RecountUsage(Strict):
    """Count the unbilled usage again: the books have recorded a report while suspended or after the end (USE-2)."""

    usage_id: Id


class Recounting(Frozen):
    """The instant as of which the unbilled usage is counted; None if it need not be, since it is billed as ever."""

    as_of: Instant | None


USAGE_UPDATES: dict[str, type[Strict]] = {"recount_usage": RecountUsage}
"""The update of a `UsageCount`, and the request that it takes."""


class UsageCount:
    """Part of a subscription's workflow: what was reported is in the books, which tell it nothing by themselves."""

    def __init__(self, decisions: Decisions[Life, Command], steps: LifeSteps) -> None:
        self._decisions = decisions
        self._steps = steps

    def recount_usage(self, request: RecountUsage) -> Recounting:
        """Count the unbilled usage of a subscription that is suspended or has ended, after a report was recorded."""
        decisions = self._decisions
        decisions.answered += 1
        now = decisions.now()
        decisions.life = self._steps.recount(decisions.life, now)
        return Recounting(as_of=now if decisions.life.subscription.counts_usage else None)

    def check_recount_usage(self, request: RecountUsage) -> None:
        """Raise ApplicationError, of type `Busy`, if the run takes no more updates, or reads the books first."""
        self._decisions.check_room(full=self._decisions.fence.up)
