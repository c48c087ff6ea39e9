"""Which choices an operator has about an effect that waits, and which requests are refused (REP-1, ROL-5)."""

from collections.abc import Sequence

from domain.conflict import Choice, Conflict, Held, SettleConflict
from domain.roles import operator_denial
from statemachines.subscription.not_now import NotNow

BOTH = (Choice.ADOPT, Choice.SET_ASIDE)
WHY_NOT = {
    Choice.ADOPT: "the books hold nothing in its place that could be adopted",
    Choice.SET_ASIDE: "the books hold fewer or more events than it has, so the numbers of the next ones would not fit",
}


class NotSettled(NotNow):
    """There is no such conflict, the choice does not fit it, or the sender is no operator."""


def choices_about_events(held: Held, last: int) -> tuple[Choice, ...]:
    """The choices about a record whose last event has that number."""
    adoptable = (Choice.ADOPT,) if held.readable else ()
    return (*adoptable, Choice.SET_ASIDE) if held.up_to == last else adoptable


def check(conflict: Conflict | None, request: SettleConflict) -> None:
    """Raise NotSettled unless the request settles this conflict."""
    if denied := operator_denial(request.by):
        raise NotSettled(f"{denied.message} ({denied.rule})")
    if conflict is None:
        raise NotSettled(f"key: got {request.key}; no effect waits with a conflict.")
    if request.key != conflict.key:
        raise NotSettled(f"key: got {request.key}; the effect that waits is {conflict.key}.")
    if request.choice not in conflict.choices:
        raise NotSettled(f"choice: got {request.choice}; {conflict.key} takes {_listed(conflict.choices, request)}")


def _listed(choices: Sequence[Choice], request: SettleConflict) -> str:
    return f"{', '.join(choices) or 'none'}: {WHY_NOT[request.choice]}. Or mend the cause and retry."
