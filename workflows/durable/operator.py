"""What operators ask of workflows, and the wait of a workflow for an operator."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import Field, ValidationError
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.conflict import Choice, Conflict, Held, SettleConflict
from domain.values import Strict
from statemachines.conflicts import choices
from statemachines.subscription.not_now import NotNow
from workflows.durable.decisions import Decisions
from workflows.durable.memory import Life
from workflows.durable.options import MAX_REASON

L = TypeVar("L", bound=Life)
H = TypeVar("H", bound=Held)


class Operator(Strict):
    """An operator's request: who asks, and why."""

    by: Annotated[str, Field(min_length=1, max_length=64)]
    note: Annotated[str, Field(max_length=1024)] = ""


class RequestNewRun(Operator):
    """Continue as new, with whatever waits; an operator's way in when the run takes no more updates."""


OPERATOR_UPDATES: dict[str, type[Strict]] = {"retry_effect": Operator, "settle_conflict": SettleConflict}
"""The updates of an `OperatorWait`, and the request that each takes."""


class Conflicts(Protocol):
    """What a workflow knows of the first effect that waits."""

    def find(self, words: str, held: object) -> Conflict | None:
        """The conflict of the first effect, which failed for good; None if there is no effect, or no conflict.

        `held` is what its error says of the books, as JSON; None if nothing.
        """

    def settle(self, held: object, request: SettleConflict) -> None:
        """Change the state as the operator chose (REP-1)."""


class Budget(Protocol):
    """What decides when a run ends."""

    def end(self) -> None:
        """End this run, with whatever waits."""


class LifeConflicts(Generic[L, H]):
    """The `Conflicts` of a state's first effect, by the pure functions of its noun; `held` is what an error says.

    What is adopted ends the run: the server would answer requests that are undone, and sent again, by itself.
    """

    def __init__(
        self,
        decisions: Callable[[], Decisions[L, Any]],
        budget: Callable[[], Budget],
        held: type[H],
        conflict_of: Callable[[Any, str, H | None], Conflict | None],
        settle: Callable[[L, H | None, SettleConflict, datetime], L],
    ) -> None:
        self._decisions = decisions
        self._budget = budget
        self._type = held
        self._conflict_of = conflict_of
        self._settle = settle

    def find(self, words: str, held: object) -> Conflict | None:
        effects = self._decisions().life.effects
        return self._conflict_of(effects[0], words, self._read(held)) if effects else None

    def settle(self, held: object, request: SettleConflict) -> None:
        decisions = self._decisions()
        decisions.life = self._settle(decisions.life, self._read(held), request, decisions.now())
        if request.choice is Choice.ADOPT:
            self._budget().end()

    def _read(self, held: object) -> H | None:
        """What the error says; None if it is what another version of the program says."""
        try:
            return self._type.model_validate(held)
        except ValidationError:
            return None


class OperatorWait:
    """Waits for an operator after a permanent error of an effect, or when nothing may be decided.

    `show` updates what people see of the workflow. An `urgent` run ends the wait: the next run tries again, and waits
    anew if it has to.
    """

    def __init__(self, show: Callable[[], None], urgent: Callable[[], bool], conflicts: Conflicts) -> None:
        self._show = show
        self._urgent = urgent
        self._conflicts = conflicts
        self._held: object = None
        self._go_on = False
        self.attention: str | None = None
        """What the operator has to fix; None while nothing waits."""
        self.conflict: Conflict | None = None
        """The conflict with the books that the operator can settle instead; None if it is none."""

    def is_stuck(self) -> bool:
        """Whether the workflow waits for an operator."""
        return self.attention is not None

    async def after(self, error: ActivityError | NotNow) -> None:
        """Wait until an operator wants another try or settles the conflict. Until then nothing is skipped or lost."""
        self.attention = _words(error)[:MAX_REASON]
        self._held = _held(error)
        self.conflict = self._conflicts.find(self.attention, self._held)
        self._go_on = False
        workflow.logger.error("waits for an operator: %s", self.attention)
        self._show()
        await workflow.wait_condition(lambda: self._go_on or self._urgent())
        self.attention = self.conflict = self._held = None

    def retry_effect(self, request: Operator) -> str:
        """Try the effect that failed for good once more, after its cause is fixed."""
        workflow.logger.info("retry wanted by %s: %s", request.by, request.note)
        self._go_on = True
        return f"Trying again: {self.attention}"

    def check_retry_effect(self, request: Operator) -> None:
        """Raise ApplicationError where no effect has failed."""
        if self.attention is None:
            raise ApplicationError("Nothing needs attention: there is no effect to retry.", type="NothingToRetry")

    def settle_conflict(self, request: SettleConflict) -> str:
        """Settle the conflict of the effect that waits: adopt the books' side, or set the effect aside (REP-1)."""
        workflow.logger.warning("%s %s, by %s: %s", request.key, request.choice, request.by, request.reason)
        self._conflicts.settle(self._held, request)
        self.conflict = None
        self._go_on = True
        return f"{request.key}: {request.choice.words}."

    def check_settle_conflict(self, request: SettleConflict) -> None:
        """Raise ApplicationError unless the request settles the conflict that waits."""
        try:
            choices.check(self.conflict, request)
        except choices.NotSettled as error:
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from None


def _words(error: ActivityError | NotNow) -> str:
    """What the operator has to fix."""
    if isinstance(error, NotNow):
        return str(error)
    cause = error.cause if isinstance(error.cause, ApplicationError) else error
    return f"{error.activity_type}: {cause.message}"


def _held(error: ActivityError | NotNow) -> object:
    """What the books hold instead, if the error says so."""
    cause = error.cause if isinstance(error, ActivityError) else None
    details = cause.details if isinstance(cause, ApplicationError) else ()
    return details[0] if details else None
