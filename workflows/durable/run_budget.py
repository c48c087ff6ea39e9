"""How much one run of a long-lived workflow may do before it continues as new."""

from collections.abc import Callable
from typing import Any

from workflows.durable import options
from workflows.durable.inbox import Inbox
from workflows.durable.new_run import NewRun


class RunBudget(NewRun):
    """How much a run has done.

    After its periods a run is over as soon as nothing waits to be done. It is `urgent`, whatever waits, after too many
    requests as well: the server refuses everything in the end.
    """

    def __init__(self, periods: int, inbox: Inbox[Any], updates: Callable[[], int]) -> None:
        super().__init__()
        self.periods = periods
        self._inbox = inbox
        self._updates = updates
        self._periods_spent = 0

    def spend(self, periods: int = 1) -> None:
        """Count periods that this run has gone through."""
        self._periods_spent += periods

    def over(self, *, idle: bool) -> bool:
        """Whether a new run should go on from here; `idle` says that nothing waits to be done."""
        return self.urgent or (idle and self._periods_spent >= self.periods)

    @property
    def urgent(self) -> bool:
        """Whether a new run has to go on from here, with whatever waits."""
        return (
            super().urgent
            or self._inbox.received >= options.SIGNALS_PER_RUN
            or self._updates() >= options.UPDATES_PER_RUN
        )
