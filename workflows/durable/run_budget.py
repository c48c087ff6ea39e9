"""How much one run of a long-lived workflow may do before it continues as new."""

from collections.abc import Callable
from typing import Any

from temporalio import workflow

from workflows.durable import options
from workflows.durable.inbox import Inbox
from workflows.durable.operator import Operator
from workflows.durable.versions import TargetVersion


class RunBudget:
    """How much a run has done.

    After its periods a run is over as soon as nothing waits to be done. It is `urgent`, whatever waits, after too many
    requests or events, because the server refuses everything in the end, and when an operator wants a new one, or the
    server wants the workflow on another version of the code.
    """

    def __init__(self, periods: int, inbox: Inbox[Any], updates: Callable[[], int]) -> None:
        self.periods = periods
        self._inbox = inbox
        self._updates = updates
        self._periods_spent = 0
        self._new_run_wanted = False
        self._target_version = TargetVersion()

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
            self._target_version.changed
            or self._new_run_wanted
            or workflow.info().is_continue_as_new_suggested()
            or self._inbox.received >= options.SIGNALS_PER_RUN
            or self._updates() >= options.UPDATES_PER_RUN
        )

    def migrate(self, request: Operator) -> str:
        """Continue as new, on the code that the workers run now; effects that are waiting go along."""
        workflow.logger.info("migration wanted by %s: %s", request.by, request.note)
        self._new_run_wanted = True
        return "Continues as new now; effects that are waiting go along."

    def check_migrate(self, request: Operator) -> None:
        """Never refuses: a workflow that runs can continue as new."""
