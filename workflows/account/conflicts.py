"""The conflicts of a billing account with the books, for the operator who settles them."""

from collections.abc import Callable

from pydantic import ValidationError

from domain.account.held import HeldAccount
from domain.account.requests import AccountRequest
from domain.conflict import Choice, Conflict, SettleConflict
from statemachines.account.life import AccountLife, AccountSteps
from statemachines.conflicts.account import conflict_of, settle
from workflows.durable.decisions import Decisions
from workflows.durable.run_budget import RunBudget


class AccountConflicts:
    """The `Conflicts` of an account's first effect.

    What is adopted ends the run: the server would answer requests that are undone, and sent again, by itself.
    """

    def __init__(
        self,
        decisions: Callable[[], Decisions[AccountLife, AccountRequest]],
        budget: Callable[[], RunBudget],
        steps: AccountSteps,
    ) -> None:
        self._decisions = decisions
        self._budget = budget
        self._steps = steps

    def find(self, words: str, held: object) -> Conflict | None:
        """The conflict of the first effect; None if there is no effect, or no conflict."""
        effects = self._decisions().life.effects
        return conflict_of(effects[0], words, _read(held)) if effects else None

    def settle(self, held: object, request: SettleConflict) -> None:
        """Change the life as the operator chose."""
        decisions, known = self._decisions(), _read(held)
        assert known is not None
        decisions.life = settle(self._steps, decisions.life, known, request, decisions.now())
        if request.choice is Choice.ADOPT:
            self._budget().end()


def _read(held: object) -> HeldAccount | None:
    """What the error says; None if it is what another version of the program says."""
    try:
        return HeldAccount.model_validate(held)
    except ValidationError:
        return None
