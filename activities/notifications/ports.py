"""What notifications need of the world. Adapters implement it."""

from datetime import datetime
from typing import Protocol

from activities.notifications.contracts import HandOver, Message, Pending, Reply
from activities.notifications.publishers import Endpoint
from domain.catalog.publishers import ListedPublisher
from domain.notification import NotificationStatus


class Outbox(Protocol):
    """The events to deliver, in order for each subscription, and their attempts (invariant 13)."""

    async def next(self, subscription_id: str, publisher: str) -> Pending | None:
        """The first event that is not done, as this publisher is to receive it. None if all are done."""

    async def done_up_to(self, subscription_id: str) -> int:
        """The sequence number of the last event that is done, 0 for none."""

    async def record_outcome(self, pending: Pending, publisher: str, status: NotificationStatus, at: datetime) -> None:
        """Record the final status of the event. An event that is done already is left as it is."""

    async def record_failure(
        self, pending: Pending, publisher: str, problem: str, at: datetime, next_try_at: datetime | None
    ) -> None:
        """Record a failed attempt and the time of the next one; without a next one the event is undeliverable."""

    async def restart(self, subscription_id: str) -> None:
        """Restart the attempts of the undeliverable event."""


class Messenger(Protocol):
    """Sends messages to publishers' endpoints."""

    async def send(self, endpoint: Endpoint, message: Message) -> Reply:
        """Make one signed attempt within the endpoint's timeout. Network errors become a Reply; none is raised."""


class Deliverer(Protocol):
    """Delivers what is left after a subscription has ended."""

    async def deliver(self, left: HandOver) -> None:
        """Start the delivery. If it is running already, nothing changes."""


class PublisherBook(Protocol):
    """The publishers that the catalog lists: the same for every worker."""

    async def all(self) -> list[ListedPublisher]:
        """Every publisher in its newest version, by id."""

    async def get(self, publisher_id: str) -> ListedPublisher | None:
        """The publisher in its newest version; None if the catalog does not list it."""
