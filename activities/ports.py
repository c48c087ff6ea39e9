"""Ports that several nouns need. Adapters implement them."""

from typing import Protocol

from domain.subscription.commands import Command
from domain.subscription.decision import Answer


class CommandSender(Protocol):
    """The subscriptions on the server, to be told something."""

    async def send(self, subscription_id: str, command: Command) -> Answer | None:
        """Its answer; None where it has ended. Raises NotThere where the server does not know it."""
        ...
