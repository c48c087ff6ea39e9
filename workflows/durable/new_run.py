"""When a run hands over to a new one, and on which version of the code that begins, where the workers have versions."""

from collections.abc import Callable
from typing import Any, NoReturn

from temporalio import workflow

from workflows.durable import options
from workflows.durable.inbox import Inbox
from workflows.durable.operator import Operator


class TargetVersion:
    """The version on which the server wants the workflow; made in the run's first task.

    A workflow changes its version with a new run only.
    """

    def __init__(self) -> None:
        # The server has just begun the run there, as while a change of the routing spreads. It stays there until it
        # ends for another reason: the next run might begin there again, and again.
        self._placed_elsewhere = _target_changed()
        self._changed = False

    @property
    def changed(self) -> bool:
        """Whether a new run would be on another version, once a task has known it. False without versions."""
        self._changed = self._changed or (not self._placed_elsewhere and _target_changed())
        return self._changed


def _target_changed() -> bool:
    """Whether the server says so in this task, and has said so when the task was done first.

    A task that is tried again is not told what the server then writes into the history: a replay would decide on it
    what was not decided. So what was known is marked, under a name of the task's own.
    """
    if not workflow.info().is_target_worker_deployment_version_changed():
        return False
    return workflow.patched(f"target-version-changed-{workflow.info().get_current_history_length()}")


class NewRun:
    """Part of every workflow that continues as new; to be made in `__init__`, and looked at whatever it waits for."""

    def __init__(self) -> None:
        self._by_operator = False
        self._target_version = TargetVersion()

    @property
    def urgent(self) -> bool:
        """Whether a new run has to go on from here, with whatever waits.

        The server suggests it before it refuses everything, an operator wants it, or the server wants the workflow on
        another version of the code.
        """
        return self._by_operator or self._target_version.changed or workflow.info().is_continue_as_new_suggested()

    def end(self) -> None:
        """Continue as new, with whatever waits: the ids of this run's updates can be used again."""
        self._by_operator = True

    def migrate(self, request: Operator) -> str:
        """Continue as new, on the code that the workers run now; effects that are waiting go along."""
        workflow.logger.info("migration wanted by %s: %s", request.by, request.note)
        self.end()
        return "Continues as new now; effects that are waiting go along."

    def check_migrate(self, request: Operator) -> None:
        """Never refuses: a workflow that runs can continue as new."""


class RunBudget(NewRun):
    """How much a run has done.

    After its periods a run is over as soon as nothing waits to be done, and nothing is done beside it (`busy`); earlier
    where it is kept short. It is `urgent`, whatever waits, after too many requests as well: the server refuses
    everything in the end.
    """

    def __init__(
        self, periods: int, inbox: Inbox[Any], updates: Callable[[], int], busy: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__()
        self.periods = periods
        self._inbox = inbox
        self._updates = updates
        self._busy = busy
        self._periods_spent = 0
        self._longest: int | None = None
        self._long, self._asked_before_sleep = False, 0
        self._rested = False

    def spend(self, periods: int = 1) -> None:
        """Count periods that this run has gone through."""
        self._periods_spent += periods

    def over(self, *, idle: bool) -> bool:
        """Whether a new run should go on from here; `idle` says that nothing waits to be done."""
        return self.urgent or (idle and self._has_lasted and not self._busy())

    async def keep_short(self) -> None:
        """End the run earlier if its history gets long: after a period, or else a while later. Nobody waits for this.

        Commands alone make it long, too, and few come alone: they need not end a run each.
        """
        begun_with = workflow.info().get_current_history_size()
        self._longest = max(options.LONGEST_PARKED, begun_with + options.LEAST_GROWTH)
        await workflow.wait_condition(lambda: not self._periods_spent and (self._long or self._made_long))
        await workflow.sleep(options.QUIET, summary="go on in a new run: this one's history is long")
        self._rested = True

    def over_before_sleep(self) -> bool:
        """Whether a new run should go on from here, which is about to sleep on this history."""
        self._long, self._asked_before_sleep = self._is_long(), self._asked
        return self.over(idle=True)

    def _is_long(self) -> bool:
        return self._longest is not None and workflow.info().get_current_history_size() >= self._longest

    @property
    def _asked(self) -> int:
        return self._updates() + self._inbox.received

    @property
    def _made_long(self) -> bool:
        """Whether requests that have woken nothing, such as refused ones, have made the history long."""
        return self._asked > self._asked_before_sleep and self._is_long()

    @property
    def _has_lasted(self) -> bool:
        spent = self._periods_spent
        return self._rested or spent >= self.periods or (spent > 0 and self._long)

    @property
    def urgent(self) -> bool:
        """Whether a new run has to go on from here, with whatever waits."""
        return (
            super().urgent
            or self._inbox.received >= options.SIGNALS_PER_RUN
            or self._updates() >= options.UPDATES_PER_RUN
        )


def continue_as_new(carried: Any, **given: Any) -> NoReturn:
    """End this run and begin the next one with what is carried, on the target version if the workers have versions.

    `given` are options of the SDK's own. It raises the SDK's ContinueAsNewError.
    """
    version = workflow.info().get_current_deployment_version()
    if version is not None and version.deployment_name:
        # Without it the next run would be pinned to the version of this one.
        given["initial_versioning_behavior"] = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE
    workflow.continue_as_new(carried, **given)
