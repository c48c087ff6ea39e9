"""The server's time skipping, whose API is experimental: only this module uses it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from domain.next_step import Do, NextStep, PerennialError
from workflows.durable.clock import TestClock

MAX_SKIPS = 1_000_000
FAST_FORWARD_TIMEOUT = timedelta(minutes=5)


class ClockStuck(PerennialError):
    """The clock could not be moved."""


class ServerClock:
    """Moves the test clocks of workflows."""

    def __init__(self, client: Client) -> None:
        config = TimeSkippingConfig(max_session_skip_count=MAX_SKIPS, disable_propagation=True)
        self._skipper = TimeSkipper(client, config=config)

    async def now(self, handle: WorkflowHandle[Any, Any], clock: TestClock) -> datetime:
        """The time by the workflow's clock."""
        return await self._skipper.get_current_time(handle) + clock.offset

    async def advance(self, handle: WorkflowHandle[Any, Any], clock: TestClock, to: datetime) -> None:
        """Move the workflow's clock forward to the instant, if it is not there yet.

        Raises ClockStuck when it does not get there, for instance because no worker takes the workflow's tasks.
        """
        ahead = to - await self.now(handle, clock)
        if ahead <= timedelta(0):
            return
        try:
            await asyncio.wait_for(self._skipper.fast_forward(handle, ahead), FAST_FORWARD_TIMEOUT.total_seconds())
        except TimeoutError:
            raise ClockStuck(f"{handle.id}: the clock did not reach {to}.", NextStep(Do.START_WORKER)) from None
