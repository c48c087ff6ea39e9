"""Wait until a workflow shows something, or ends."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from workflows.calls.errors import NotAnswered, WorkflowFailed, no_worker
from workflows.calls.polling import unpolled
from workflows.durable import options

T = TypeVar("T")
FIRST_TASK_EVENTS = 3
"""A started workflow, its first task scheduled and begun: later events mean that the first task is done."""


class Pauses:
    """Pauses between looks, growing from POLL_INTERVAL to POLL_INTERVAL_MAX, for at most `timeout` in all.

    `until` ends a pause early.
    """

    def __init__(self, timeout: timedelta, until: asyncio.Future[Any] | None = None) -> None:
        self._timeout = timeout
        self._until = until
        self.restart()

    def restart(self) -> None:
        """Begin again with the shortest pause and the whole timeout."""
        self._pause, self._waited = options.POLL_INTERVAL, timedelta(0)

    async def next(self, error: NotAnswered) -> None:
        """Pause once. Raises the error once the timeout is spent."""
        if self._waited > self._timeout:
            raise error
        seconds = self._pause.total_seconds()
        await (asyncio.wait((self._until,), timeout=seconds) if self._until else asyncio.sleep(seconds))
        self._waited += self._pause
        self._pause = min(self._pause * 2, options.POLL_INTERVAL_MAX)


async def poll(look: Callable[[], Awaitable[T | None]], timeout: timedelta, message: str) -> T:
    """The first result of `look` that is not None. Raises NotAnswered with the message after the timeout."""
    pauses = Pauses(timeout)
    while (found := await look()) is None:
        await pauses.next(NotAnswered(message))
    return found


async def result_of(
    name: str,
    client: Client,
    handle: WorkflowHandle[Any, T],
    look: Callable[[], Awaitable[T]],
    watch: Callable[[T], None],
) -> T:
    """The workflow's result; `watch` is called with each new progress that `look` shows.

    Raises WorkflowFailed, and NotAnswered where nothing changes for ORDER_TIMEOUT.
    """
    seen = None
    result = asyncio.create_task(handle.result())
    pauses = Pauses(options.ORDER_TIMEOUT, result)
    try:
        try:
            await _first_task_done(name, handle, result)
        except NotAnswered as error:
            raise await unpolled(client, handle.id, name) or error from None
        while (now := await _look_unless_done(look, result)) is not None:
            if now != seen:
                seen = now
                pauses.restart()
                watch(now)
            await pauses.next(
                NotAnswered(f"{name}: nothing moves; it goes on by itself once it can. Look again later.")
            )
        final = result.result()
    except WorkflowFailureError as error:
        raise WorkflowFailed(failure_message(error)) from None
    finally:
        result.cancel()
        await asyncio.gather(result, return_exceptions=True)
    if final != seen:
        watch(final)
    return final


async def _first_task_done(name: str, handle: WorkflowHandle[Any, T], result: asyncio.Task[T]) -> None:
    """Wait until the workflow's first task is done. Raises NotAnswered where no worker takes it.

    A query that arrives earlier is answered together with that task. If the start is malformed, the SDK fails both, and
    the workflow fails with its own message only once nobody queries it any more.
    """
    pauses = Pauses(options.ANSWER_TIMEOUT, result)
    while not result.done():
        try:
            seen = await handle.describe(rpc_timeout=options.ANSWER_TIMEOUT)
        except RPCError:
            return  # `look` turns it into a message
        if seen.history_length > FIRST_TASK_EVENTS:
            return
        await pauses.next(no_worker(name))


async def _look_unless_done(look: Callable[[], Awaitable[T]], result: asyncio.Task[T]) -> T | None:
    """What `look` returns; None once the workflow has ended.

    A workflow that fails in its first task answers no query: its own error arrives right after the query's error.
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


def failure_message(error: WorkflowFailureError) -> str:
    """Why a workflow failed, in one line."""
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else f"it was ended from outside ({cause})"
