"""One Temporal worker per publisher that this process can notify, kept in step with the books."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker

from activities.heartbeats import HEARTBEAT, Heartbeats
from activities.notifications.activities import NotificationActivities
from activities.notifications.ports import PublisherBook
from activities.notifications.publishers import Publishers, Secrets, SecretsMissing
from domain.catalog.publishers import ListedPublisher
from workflows.notifications.messages import publisher_task_queue

PUBLISHER_POLLERS = 2
"""Pollers per publisher: enough for its rate, few enough for hundreds of publishers in one worker."""
LOOK_AGAIN = timedelta(seconds=2)
"""How soon a worker takes up what an import or the secrets file changed."""

_log = logging.getLogger(__name__)


class PublisherWorkers:
    """Reads the publishers again and again, and runs a worker for each active one whose secrets are here.

    A publisher whose secrets are missing is left to other workers: its notifications wait in its task queue. One line
    in the log says so. Those of an inactive one wait there too.
    """

    def __init__(
        self,
        client: Client,
        task_queue: str,
        book: PublisherBook,
        secrets: Callable[[], Secrets],
        activities: NotificationActivities,
        build: str,
    ) -> None:
        """`secrets` gives those that this process has at the time. `build` is the name of its code."""
        self._client = client
        self._task_queue = task_queue
        self._book = book
        self._secrets = secrets
        self._activities = activities
        self._build = build
        self._running: dict[tuple[str, int, int], AsyncExitStack] = {}
        self._missing: dict[str, list[str]] = {}
        self._known = Publishers()

    def known(self) -> Publishers:
        """The active publishers whose secrets are here, as last read from the books."""
        return self._known

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read the publishers once, and then as long as this lasts. Raises what reading the books raises."""
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        owner, keeping = asyncio.current_task(), asyncio.create_task(self._keep(first))
        try:
            await first
            # Should a publisher's worker fail for good, this process ends as with any other worker.
            keeping.add_done_callback(lambda _: owner.cancel() if owner is not None else None)
            yield
        finally:
            owner = None
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def _keep(self, first: "asyncio.Future[None]") -> None:
        """Workers start and stop in this task: the SDK cancels the task that has started a worker that fails."""
        try:
            while True:
                try:
                    await self._follow(await self._book.all())
                except Exception as error:  # noqa: BLE001 - a failure now must not end the notifications for good
                    if not first.done():
                        first.set_exception(error)
                        return
                    _log.warning("The publishers cannot be read now, and are read again soon: %s", error)
                if not first.done():
                    first.set_result(None)
                await asyncio.sleep(LOOK_AGAIN.total_seconds())
        finally:
            for key in list(self._running):
                await self._running.pop(key).aclose()

    async def _follow(self, listed: list[ListedPublisher]) -> None:
        secrets = self._secrets()
        self._say_what_is_missing(listed, secrets)
        known = secrets.publishers(listed)
        # The same object as long as nothing changes: the gateway prepares its keys once.
        if known != self._known:
            self._known = known
        wanted = {(publisher.id, publisher.at_once, publisher.per_second) for publisher in known.publishers}
        for key in set(self._running) - wanted:
            await self._running.pop(key).aclose()
        for key in wanted - set(self._running):
            stack = AsyncExitStack()
            await stack.enter_async_context(self._worker(*key))
            self._running[key] = stack

    def _say_what_is_missing(self, listed: list[ListedPublisher], secrets: Secrets) -> None:
        missing = {each.id: names for each in listed if each.active and (names := secrets.missing(each))}
        for publisher, names in missing.items():
            if self._missing.get(publisher) != names:
                _log.warning("%s", SecretsMissing(publisher, names, secrets.file))
        self._missing = missing

    def _worker(self, publisher: str, at_once: int, per_second: int) -> Worker:
        """The worker on the publisher's own task queue, so that a slow publisher delays no other.

        The server limits the rate over all workers; `at_once` limits this process.
        """
        return Worker(
            self._client,
            task_queue=publisher_task_queue(self._task_queue, publisher),
            build_id=self._build,
            activities=[self._activities.deliver],
            interceptors=[Heartbeats()],
            max_heartbeat_throttle_interval=HEARTBEAT,
            max_concurrent_activities=at_once,
            max_task_queue_activities_per_second=per_second,
            activity_task_poller_behavior=PollerBehaviorSimpleMaximum(PUBLISHER_POLLERS),
        )
