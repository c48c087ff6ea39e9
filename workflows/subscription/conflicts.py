"""The conflicts of a subscription with the books, for the operator who settles them."""

from collections.abc import Callable

from pydantic import ValidationError

from domain.conflict import Choice, Conflict, SettleConflict
from domain.subscription.commands import Command
from domain.subscription.held import HeldRecord
from statemachines.conflicts.subscription import conflict_of, settle
from statemachines.subscription.life import Life
from workflows.durable.decisions import Decisions
from workflows.durable.run_budget import RunBudget


class SubscriptionConflicts:
    """The `Conflicts` of a subscription's first effect.

    What is adopted ends the run: the server would answer commands that are undone, and sent again, by itself.
    """

    def __init__(self, decisions: Callable[[], Decisions[Life, Command]], budget: Callable[[], RunBudget]) -> None:
        self._decisions = decisions
        self._budget = budget

    def find(self, words: str, held: object) -> Conflict | None:
        """The conflict of the first effect; None if there is no effect, or no conflict."""
        effects = self._decisions().life.effects
        return conflict_of(effects[0], words, _read(held)) if effects else None

    def settle(self, held: object, request: SettleConflict) -> None:
        """Change the life as the operator chose."""
        decisions = self._decisions()
        decisions.life = settle(decisions.life, _read(held), request, decisions.now())
        if request.choice is Choice.ADOPT:
            self._budget().end()


def _read(held: object) -> HeldRecord | None:
    """What the error says; None if it is what another version of the program says."""
    try:
        return HeldRecord.model_validate(held)
    except ValidationError:
        return None
