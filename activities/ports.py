"""Ports that several nouns need. Adapters implement them."""

from typing import Protocol

from domain.subscription.commands import Command
from domain.subscription.decision import Answer


class CommandSender(Protocol):
    """Sends commands to subscriptions on the Temporal server."""

    async def send(self, subscription_id: str, command: Command) -> Answer | None:
        """Send the command and return the answer, or None if the subscription has ended.

        Raises NotThere if the server does not know it, NotTaken if it rejects the command, and ServerUnavailable.
        """


class AllowedClocks(Protocol):
    """Says whether subscriptions and accounts may run on test clocks here."""

    async def require(self) -> None:
        """Raise ClocksRefused where they may not, and ServerUnavailable."""
