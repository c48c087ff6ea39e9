"""Temporal's own cancellation ends no workflow of ours: what it runs must come to its own end."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
CANCEL_REQUEST = "cancel_workflow"
"""The name under which a cancellation request is noted."""


def not_by_cancellation(ends_no: str) -> str:
    """The note of a cancellation request, such as `Temporal's own cancellation ends no account.`"""
    return f"Temporal's own cancellation ends no {ends_no}"


async def through_cancellations(work: Coroutine[Any, Any, T], note: Callable[[], None]) -> T:
    """The result of the work. Each time that Temporal is asked to cancel the workflow, `note` is called instead."""
    task = asyncio.create_task(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                # Eviction, not cancellation: the worker drops the run from its cache, and the SDK cancels every task.
                raise
            note()
