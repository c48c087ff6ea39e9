"""A worker's gauge of overdue subscriptions, for alarms: what should have renewed, expired or been deleted by now."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from temporalio.client import Client

from activities.errors import WorldError
from perennial.use_cases import Perennial

OVERDUE = "perennial_overdue_subscriptions"
INTERVAL = timedelta(minutes=1)


@asynccontextmanager
async def overdue_watched(perennial: Perennial, client: Client, every: timedelta = INTERVAL) -> AsyncIterator[None]:
    """Inside, the gauge is set again and again by one count of the books. The client's runtime serves it.

    While the books cannot be read, it keeps its value.
    """
    runtime = client.service_client.config.runtime
    assert runtime is not None, "a client of `connect` has a runtime"
    gauge = runtime.metric_meter.create_gauge(OVERDUE, "Subscriptions whose next milestone has passed, by the books")

    async def watch() -> None:
        while True:
            try:
                gauge.set(await perennial.reconciliation.overdue())
            except WorldError as error:
                logging.getLogger(__name__).warning("overdue subscriptions cannot be counted: %s", error)
            await asyncio.sleep(every.total_seconds())

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
