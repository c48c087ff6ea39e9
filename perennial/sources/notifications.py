"""What the use cases read and write of what is sent to publishers. Adapters implement it."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from activities.notifications.contracts import ListedNotification, Mark
from domain.notification import NotificationStatus


class NotificationReader(Protocol):
    """The outbox, and how far its delivery has come."""

    async def page(
        self,
        subscription_id: str | None = None,
        publisher: str | None = None,
        standings: Collection[NotificationStatus] = ...,
        limit: int = ...,
        after: Mark | None = None,
    ) -> list[ListedNotification]:
        """Notifications by subscription and sequence number, with the filters that are given; on `after` the mark.

        Events of offers that have no vendor are nobody's to be told.
        """

    async def counts(
        self, subscription_id: str | None = None, publisher: str | None = None
    ) -> dict[NotificationStatus, int]:
        """How many stand how; a standing that none has is left out."""

    async def halted(self, publisher: str) -> list[str]:
        """The subscriptions whose stream to the publisher stands still, by their ids."""


class PublisherRequests(Protocol):
    """The ids of the requests that publishers sent, each taken once."""

    async def take(self, publisher: str, request_id: str, at: datetime) -> bool:
        """Whether this is the first request of the publisher under that id. Of several at once it is true for one."""
