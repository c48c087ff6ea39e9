"""Ports for notifications to publishers and requests from them. Adapters implement them."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from activities.notifications.contracts import ListedNotification, Mark
from domain.notification import NotificationStatus


class NotificationReader(Protocol):
    """Reads the outbox and its delivery status."""

    async def page(
        self,
        subscription_id: str | None = None,
        publisher: str | None = None,
        standings: Collection[NotificationStatus] = ...,
        limit: int = ...,
        after: Mark | None = None,
    ) -> list[ListedNotification]:
        """Return one page by subscription and sequence number, after the mark `after`.

        Events of offers without a vendor are not notified, so they are left out.
        """

    async def counts(
        self, subscription_id: str | None = None, publisher: str | None = None
    ) -> dict[NotificationStatus, int]:
        """Return how many notifications have each status; a status that none has is left out."""

    async def halted(self, publisher: str) -> list[str]:
        """Return the ids of the subscriptions whose stream to the publisher has halted."""


class PublisherRequests(Protocol):
    """The ids of the requests that publishers sent, each taken once."""

    async def take(self, publisher: str, request_id: str, at: datetime) -> bool:
        """Return whether this is the publisher's first request with that id: true for one of several at once."""
