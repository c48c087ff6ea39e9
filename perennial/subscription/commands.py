"""Send commands to subscriptions: in one step, or shown first and then confirmed (CXL-1)."""

from domain.subscription.commands import Command, Expected
from domain.subscription.decision import Answer
from perennial.sources.sources import Sources
from perennial.subscription.lost import explained
from workflows.calls.errors import AlreadyEnded


class Commands:
    """A refusal by a rule is an answer. Every method raises CallError, and ServerUnreachable."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def preview(self, subscription_id: str, command: Command) -> Answer:
        """The answer that the command would get now; nothing is changed."""
        subscriptions = (await self._sources.server()).subscriptions
        return await explained(self._sources, subscription_id, subscriptions.preview(subscription_id, command))

    async def send(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer:
        """Send the command. With `wait`, its events are in the books and provisioned when this returns.

        A command with a `command_id` can be sent again: it has one effect, and the same answer.
        """
        subscriptions = (await self._sources.server()).subscriptions
        return await explained(self._sources, subscription_id, subscriptions.ask(subscription_id, command, wait=wait))

    async def confirm(self, subscription_id: str, command: Command, shown: Answer, *, wait: bool = True) -> Answer:
        """Send the command as its preview showed it: refused where its outcome or money is another by now (CXL-1)."""
        expected = Expected(outcome=shown.outcome, credit=shown.credit, charge=shown.charge)
        return await self.send(subscription_id, command.model_copy(update={"expected": expected}), wait=wait)

    async def answer(self, subscription_id: str, command: Command) -> Answer:
        """As `send` without waiting; a subscription that has ended answers too.

        It repeats what it answered the same command before, or names the rule by which it refuses now.
        """
        subscriptions = (await self._sources.server()).subscriptions
        try:
            return await subscriptions.ask(subscription_id, command, wait=False)
        except AlreadyEnded:
            life = await subscriptions.life(subscription_id)
            return life.repeated(command) or await subscriptions.preview(subscription_id, command)
