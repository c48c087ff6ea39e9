"""Waiting for a workflow that comes to an end by itself, and watching how far it has come."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from workflows.calls.asking import NotAnswered, SubscriptionError, no_worker
from workflows.durable import options

T = TypeVar("T")
FIRST_TASK_EVENTS = 3
"""Started, its first task scheduled and begun: what comes behind them is that task's end."""


async def awaited(
    what: str,
    handle: WorkflowHandle[Any, T],
    look: Callable[[], Awaitable[T]],
    watch: Callable[[T], None],
    failed: Callable[[str], SubscriptionError],
) -> T:
    """The workflow's result; `watch` is told whenever a `look` into it shows something new.

    Raises `failed` with the words of a workflow that failed, and NotAnswered where nothing moves any more.
    """
    seen, still, pause = None, timedelta(0), options.POLL_INTERVAL
    result = asyncio.create_task(handle.result())
    try:
        await _begun(what, handle, result)
        while (now := await _seen(look, result)) is not None:
            if now != seen:
                seen, still, pause = now, timedelta(0), options.POLL_INTERVAL
                watch(now)
            if still > options.ORDER_TIMEOUT:
                raise NotAnswered(f"{what}: nothing moves; it goes on by itself once it can. Look again later.")
            await asyncio.wait((result,), timeout=pause.total_seconds())
            still += pause
            pause = min(pause * 2, options.POLL_INTERVAL_MAX)
        final = result.result()
    except WorkflowFailureError as error:
        raise failed(failure_words(error)) from None
    finally:
        result.cancel()
        await asyncio.gather(result, return_exceptions=True)
    if final != seen:
        watch(final)
    return final


async def _begun(what: str, handle: WorkflowHandle[Any, T], result: asyncio.Task[T]) -> None:
    """Wait until the workflow's first task is done. Raises NotAnswered where nobody takes it.

    A query that comes before goes with that task; where the start is malformed, the SDK then fails both, and the
    workflow with its words only once nobody asks any more.
    """
    waited, pause = timedelta(0), options.POLL_INTERVAL
    while not result.done():
        try:
            seen = await handle.describe(rpc_timeout=options.ANSWER_TIMEOUT)
        except RPCError:
            return  # a look finds the words for it
        if seen.history_length > FIRST_TASK_EVENTS:
            return
        if waited > options.ANSWER_TIMEOUT:
            raise NotAnswered(no_worker(what))
        await asyncio.wait((result,), timeout=pause.total_seconds())
        waited += pause
        pause = min(pause * 2, options.POLL_INTERVAL_MAX)


async def _seen(look: Callable[[], Awaitable[T]], result: asyncio.Task[T]) -> T | None:
    """What a look shows; None once the workflow has ended.

    One that fails in its first task answers no query: its own words come right after the query's error.
    """
    looking = asyncio.ensure_future(look())
    try:
        await asyncio.wait((looking, result), return_when=asyncio.FIRST_COMPLETED)
        if looking.done() and looking.exception():
            await asyncio.wait((result,), timeout=options.LAST_WORDS_TIMEOUT.total_seconds())
        return None if result.done() else await looking
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def failure_words(error: WorkflowFailureError) -> str:
    """Why a workflow failed, in one line."""
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else f"it was ended from outside ({cause})"
