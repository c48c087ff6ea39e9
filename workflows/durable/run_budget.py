"""How much one run of a long-lived workflow may do before it continues as new."""

from typing import Any

from temporalio import workflow

from workflows.durable import options
from workflows.durable.inbox import Inbox
from workflows.durable.operator import Operator


class RunBudget:
    """A run is spent after its periods, after too many signals or events, or when an operator wants a new one."""

    def __init__(self, periods: int, inbox: Inbox[Any]) -> None:
        self.periods = periods
        self._inbox = inbox
        self._periods_spent = 0
        self.new_run_wanted = False

    def spend(self, periods: int = 1) -> None:
        """Count periods that this run has gone through."""
        self._periods_spent += periods

    @property
    def spent(self) -> bool:
        """Whether a new run should go on from here."""
        return (
            self.new_run_wanted
            or workflow.info().is_continue_as_new_suggested()
            or self._inbox.received >= options.SIGNALS_PER_RUN
            or self._periods_spent >= self.periods
        )

    def migrate(self, request: Operator) -> str:
        """Continue as new at the next quiet point, on the code that the workers run now."""
        workflow.logger.info("migration wanted by %s: %s", request.by, request.note)
        self.new_run_wanted = True
        return "Continues as new as soon as no effect is waiting."

    def check_migrate(self, request: Operator) -> None:
        """Never refuses: a workflow that runs can continue as new."""
