"""Send commands to subscriptions: in one step, or shown first and then confirmed (CXL-1)."""

from domain.subscription.commands import Command, Expected
from domain.subscription.decision import Answer
from perennial.sources.sources import Sources
from perennial.subscription.lost import explained
from statemachines.subscription.life import Life, LifeSteps
from statemachines.subscription.not_now import NotNow
from workflows.calls.errors import AlreadyEnded, Rejected


class Commands:
    """A refusal by a rule is an answer. Every method raises CallError, and ServerUnreachable."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def preview(self, subscription_id: str, command: Command) -> Answer:
        """The answer that the command would get now; nothing is changed. Raises Rejected for an `at` it cannot have."""
        subscriptions = (await self._sources.server()).subscriptions
        if command.at is not None:
            await self._check(subscription_id, command)
        return await explained(self._sources, subscription_id, subscriptions.preview(subscription_id, command))

    async def send(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer:
        """Send the command. With `wait`, its events are in the books and provisioned when this returns.

        A command with a `command_id` can be sent again: it has one effect, and the same answer.
        """
        subscriptions = (await self._sources.server()).subscriptions
        return await explained(self._sources, subscription_id, subscriptions.ask(subscription_id, command, wait=wait))

    async def confirm(self, subscription_id: str, command: Command, shown: Answer, *, wait: bool = True) -> Answer:
        """Send the command as its preview showed it: refused where its outcome or money is another by now (CXL-1)."""
        return await self.send(subscription_id, _as_shown(command, shown), wait=wait)

    async def repeated(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer | None:
        """The first answer, if the command was sent before under its id: as it is, or as a preview showed it.

        None if its id is new. Raises Rejected if the id was used for another command.
        """
        life = await self._life(subscription_id)
        entry = life.entry_of(command)
        if entry is None:
            return None
        first = entry.answer
        if first.refused:
            # What was shown then is not known any more.
            return first
        without_usage = first.model_copy(update={"charge": None})
        known = (command, _as_shown(command, first), _as_shown(command, without_usage))
        sent = next((each for each in known if each.fingerprint() == entry.fingerprint), None)
        if sent is None:
            raise Rejected(f"command_id {command.command_id} was used for another command; use a new id.")
        try:
            return await self.send(subscription_id, sent, wait=wait)
        except AlreadyEnded:
            return first

    async def _check(self, subscription_id: str, command: Command) -> None:
        """As the subscription does before it decides: a preview alone would answer for any instant."""
        life = await self._life(subscription_id)
        details = await (await self._sources.server()).subscriptions.details(subscription_id)
        try:
            LifeSteps().check(life, command, details.now, test_clock=details.clock is not None)
        except NotNow as not_now:
            raise Rejected(f"{subscription_id}: {not_now}", type(not_now).__name__) from None

    async def _life(self, subscription_id: str) -> Life:
        subscriptions = (await self._sources.server()).subscriptions
        return await explained(self._sources, subscription_id, subscriptions.life(subscription_id))

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


def _as_shown(command: Command, shown: Answer) -> Command:
    """The command, to be refused where its outcome or money is another by then."""
    expected = Expected(outcome=shown.outcome, credit=shown.credit, charge=shown.charge)
    return command.model_copy(update={"expected": expected})
