"""Asks the books for the first answer to a command id that a subscription may have forgotten (invariant 10)."""

from collections.abc import Callable

from activities.billing.activities import AnswerActivities
from activities.billing.contracts import AskedCommand
from domain.subscription.commands import Command
from domain.subscription.first_answers import by_system
from statemachines.subscription.life import Life
from workflows.durable import options
from workflows.durable.activities import perform


class FirstAnswers:
    """The `Memory` of a subscription."""

    def __init__(self, subscription_id: str) -> None:
        self._subscription_id = subscription_id

    def lacks(self, life: Life, command: Command) -> bool:
        """Whether the command may be a repeat that the life does not know."""
        return life.may_have_forgotten(command)

    async def recall(self, command: Command) -> Callable[[Life], Life]:
        """What gives a life the first answer, if the books have one. Raises ActivityError."""
        assert command.command_id is not None
        asked = AskedCommand(
            subscription_id=self._subscription_id, command_id=command.command_id, system=by_system(command)
        )
        summary = f"find the first answer to {command.command_id}"
        found = await perform(
            AnswerActivities.first_answer, asked, options.RECORD_TIMEOUT, summary, priority=options.PEOPLE
        )
        return lambda life: life.remembering(found) if found and life.may_have_forgotten(command) else life
