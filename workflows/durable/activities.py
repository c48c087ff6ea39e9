"""Runs activities that are retried until they succeed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow

from workflows.durable import options

T = TypeVar("T")
P = TypeVar("P")


async def perform(
    activity: Callable[[Any, P], Awaitable[T]],
    entry: P,
    timeout: timedelta,
    summary: str,
    *,
    heartbeat: timedelta | None = None,
) -> T:
    """The activity's result. Each attempt has the timeout; a transient error is retried for ever.

    Raises ActivityError after a permanent error.
    """
    return await workflow.execute_activity_method(
        activity,
        entry,
        start_to_close_timeout=timeout,
        heartbeat_timeout=heartbeat,
        retry_policy=options.WITHOUT_END,
        summary=summary,
    )
