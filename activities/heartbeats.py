"""Heartbeats of slow attempts: a killed worker is noticed soon, and an attempt that works is left to finish."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

HEARTBEAT = timedelta(seconds=1)
"""How often an attempt beats, which takes longer. Most are done in milliseconds, and cost no heartbeat."""


class Heartbeats(Interceptor):
    """Beats for each activity that has a heartbeat timeout, with the details of its own last beat."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        """Each attempt has its own."""
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        self._own = _Own(outbound)
        super().init(self._own)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's name
        if activity.info().heartbeat_timeout is None:
            return await super().execute_activity(input)
        self._beat_later()
        try:
            return await super().execute_activity(input)
        finally:
            self._next_beat.cancel()

    def _beat_later(self) -> None:
        self._next_beat = asyncio.get_running_loop().call_later(HEARTBEAT.total_seconds(), self._beat)

    def _beat(self) -> None:
        activity.heartbeat(*self._own.details)
        self._beat_later()


class _Own(ActivityOutboundInterceptor):
    """Keeps what the activity itself has said last."""

    details: Sequence[Any] = ()

    def heartbeat(self, *details: Any) -> None:
        self.details = details
        super().heartbeat(*details)
