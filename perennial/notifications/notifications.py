"""Look at the notifications to publishers; retry or skip those that could not be delivered (ISV-3)."""

from collections.abc import Callable
from dataclasses import dataclass

from activities.notifications.contracts import HandOver, ListedNotification, Mark
from domain.catalog.publishers import ListedPublisher
from domain.faults import shown
from domain.next_step import Do, NextStep
from domain.notification import NotificationStatus
from perennial.sources.sources import Sources
from workflows.calls.errors import AlreadyEnded, CallError, NotFound, Rejected, WorkflowFailed
from workflows.notifications.messages import RetryNotification, SkipNotification

PAGE = 500
"""The books are read this many notifications at a time."""
NOT_DONE = (NotificationStatus.WAITING, NotificationStatus.UNDELIVERABLE)


@dataclass(frozen=True)
class NotificationFilters:
    """Which notifications to list; None takes those of all subscriptions or publishers."""

    subscription: str | None = None
    publisher: str | None = None
    statuses: tuple[NotificationStatus, ...] = NOT_DONE


class Notifications:
    """The notifications to publishers, for operators.

    Those of one subscription are delivered in order: an undeliverable one blocks the later ones until it is retried
    or skipped.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def list(
        self, filters: NotificationFilters = NotificationFilters(), *, limit: int = 50, after: Mark | None = None
    ) -> list[ListedNotification]:
        """List up to `limit` notifications by subscription and sequence number, from behind `after` on."""
        books = await self._sources.books()
        found: list[ListedNotification] = []
        while len(found) < limit:
            size = min(limit - len(found), PAGE)
            page = await books.notifications.page(
                filters.subscription, filters.publisher, filters.statuses, limit=size, after=after
            )
            found += page
            if len(page) < size:
                break
            after = Mark(page[-1].subscription_id, page[-1].seq)
        return found

    async def publishers(self) -> dict[str, ListedPublisher]:
        """The publishers that the catalog lists, by id."""
        books = await self._sources.books()
        return {publisher.id: publisher for publisher in await books.publishers.all()}

    async def retry(self, subscription_id: str, request: RetryNotification) -> str:
        """Retry the subscription's undeliverable notification, and return the workflow's answer.

        After the subscription has ended, a request that names the publisher also delivers notifications that were
        never tried. A publisher that the catalog does not list is refused: nobody could notify it. Raises CallError.
        """
        if request.publisher is not None and request.publisher not in await self.publishers():
            words = f"publisher: got {shown(request.publisher)}; takes the id of a publisher in the catalog."
            raise Rejected(words, next_step=NextStep(Do.IMPORT_CATALOG))
        server = await self._sources.server()
        try:
            return await server.notifications.retry(subscription_id, request)
        except (AlreadyEnded, NotFound, WorkflowFailed):
            if request.publisher is None or (last := await self._last_of_ended(subscription_id)) is None:
                raise
        await server.notifications.deliver(
            HandOver(subscription_id=subscription_id, publisher=request.publisher, told=0, last=last, afresh=True)
        )
        return f"The subscription has ended. {request.publisher} is now notified of its events up to number {last}."

    async def retry_all(
        self, publisher: str, request: RetryNotification, watch: Callable[[int, int], None] = lambda _, __: None
    ) -> dict[str, str]:
        """Retry every subscription whose notifications to the publisher are blocked, and return each one's answer.

        A subscription that refuses, such as one that was delivered in the meantime, does not stop the others. `watch`
        is called with how many are done, and how many there are.
        """
        books = await self._sources.books()
        blocked = await books.notifications.halted(publisher)
        server = await self._sources.server()
        said = {}
        for number, subscription_id in enumerate(blocked, start=1):
            try:
                said[subscription_id] = await server.notifications.retry(subscription_id, request)
            except CallError as error:
                said[subscription_id] = str(error)
            watch(number, len(blocked))
        return said

    async def skip(self, subscription_id: str, request: SkipNotification) -> str:
        """Give up the undeliverable notification and continue with the next one. Raises CallError."""
        server = await self._sources.server()
        return await server.notifications.skip(subscription_id, request)

    async def _last_of_ended(self, subscription_id: str) -> int | None:
        """The sequence number of an ended subscription's last event."""
        books = await self._sources.books()
        listed = await books.subscriptions.listed(subscription_id)
        return listed.last_seq if listed is not None and listed.state.ended else None
