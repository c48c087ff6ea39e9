"""Runs activities that are retried until they succeed."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import Priority

from workflows.durable import options

T = TypeVar("T")
P = TypeVar("P")


async def perform(
    activity: Callable[[Any, P], Awaitable[T]],
    entry: P,
    timeout: timedelta,
    summary: str,
    *,
    urgent: Callable[[], bool] | None = None,
    priority: Priority = Priority.default,
) -> T:
    """The activity's result. Each attempt has the timeout; a transient error is retried for ever.

    Raises ActivityError after a permanent error, and RunIsOver if the run has become `urgent` and the activity is not
    done HAND_OVER_PATIENCE later: the next run performs it again, and the result of this one is not looked at.
    """
    attempt = workflow.start_activity_method(
        activity,
        entry,
        start_to_close_timeout=timeout,
        heartbeat_timeout=options.HEARTBEAT_TIMEOUT,
        retry_policy=options.WITHOUT_END,
        summary=summary,
        priority=priority,
    )
    if urgent is not None:
        await workflow.wait_condition(lambda: attempt.done() or urgent())
        with suppress(TimeoutError):
            if not attempt.done():
                words = f"hand over to a new run unless it is done: {summary}"[: options.MAX_REASON]
                await workflow.wait_condition(attempt.done, timeout=options.HAND_OVER_PATIENCE, timeout_summary=words)
        if not attempt.done():
            raise RunIsOver
    return await attempt


class RunIsOver(Exception):
    """The run has to end; what was not done yet is done by the next one."""
