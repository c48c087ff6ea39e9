"""What notifications need of the world. Adapters implement it."""

from datetime import datetime
from typing import Protocol

from activities.notifications.contracts import HandOver, Message, Pending, Reply
from activities.notifications.publishers import Endpoint
from domain.notification import NotificationStatus


class Outbox(Protocol):
    """What publishers are to be told, in order for each subscription, and how far that has come (invariant 13)."""

    async def next(self, subscription_id: str, publisher: str) -> Pending | None:
        """The first event that is not done, as this publisher is to be told it; None where all are."""
        ...

    async def done_up_to(self, subscription_id: str) -> int:
        """The last event that is done, 0 for none."""
        ...

    async def record_outcome(self, pending: Pending, publisher: str, status: NotificationStatus, at: datetime) -> None:
        """Note what became of the event for good."""
        ...

    async def record_failure(
        self, pending: Pending, publisher: str, problem: str, at: datetime, next_try_at: datetime | None
    ) -> None:
        """Note a try that failed, and when the next one is; None where it is undeliverable."""
        ...

    async def restart(self, subscription_id: str) -> None:
        """Begin the tries of an undeliverable event anew."""
        ...


class Messenger(Protocol):
    """The way to a publisher's endpoint."""

    async def send(self, endpoint: Endpoint, message: Message) -> Reply:
        """One signed try, within the endpoint's timeout. What goes wrong on the way is a Reply, never raised."""
        ...


class Deliverer(Protocol):
    """Where what an ended life has left to tell is told."""

    async def deliver(self, left: HandOver) -> None:
        """Start its delivery; where it is under way already, this changes nothing."""
        ...
