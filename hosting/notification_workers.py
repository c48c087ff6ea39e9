"""The workers that notify publishers: one per publisher, on its own task queue, so that a slow one delays no other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from temporalio.client import Client
from temporalio.worker import PollerBehaviorSimpleMaximum, Worker

from activities.notifications.activities import NotificationActivities
from activities.notifications.publishers import Publishers
from workflows.notifications.messages import publisher_task_queue

POLLERS = 2
"""Pollers per publisher: enough for its rate, few enough for hundreds of publishers in one worker."""


@asynccontextmanager
async def telling_workers(
    client: Client, task_queue: str, publishers: Publishers, notifications: NotificationActivities
) -> AsyncIterator[None]:
    """Run a worker per publisher. The server limits the rate over all workers; `at_once` limits this process."""
    async with AsyncExitStack() as stack:
        for endpoint in publishers.publishers:
            worker = Worker(
                client,
                task_queue=publisher_task_queue(task_queue, endpoint.id),
                activities=[notifications.deliver],
                max_concurrent_activities=endpoint.at_once,
                max_task_queue_activities_per_second=endpoint.per_second,
                activity_task_poller_behavior=PollerBehaviorSimpleMaximum(POLLERS),
            )
            await stack.enter_async_context(worker)
        yield
