"""How a workflow comes to its own end: Temporal's cancellation does not end it, and none of its parts falls silent."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
CANCEL_REQUEST = "cancel_workflow"
"""The name under which a cancellation request is noted."""


def not_by_cancellation(ends_no: str) -> str:
    """The note of a cancellation request, such as `Temporal's own cancellation ends no account.`"""
    return f"Temporal's own cancellation ends no {ends_no}"


class Parts:
    """The parts of a workflow that run beside its work, such as the notifications of a subscription.

    A part that ends by an exception fails the workflow's task: the server shows it, and tries the task again. Without
    that it would be silent for ever.
    """

    def __init__(self) -> None:
        self._failed: asyncio.Future[None] | None = None
        self._error: BaseException | None = None

    def start(self, *parts: Coroutine[Any, Any, None]) -> None:
        """Run the parts beside the work."""
        for part in parts:
            asyncio.create_task(part).add_done_callback(self._ended)

    def failure(self) -> asyncio.Future[None]:
        """Fails as soon as a part fails."""
        self._failed = asyncio.get_running_loop().create_future()
        if self._error is not None:
            self._failed.set_exception(self._error)
        return self._failed

    def _ended(self, part: asyncio.Task[None]) -> None:
        if part.cancelled() or (error := part.exception()) is None:
            return
        self._error = error
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)


async def through_cancellations(
    work: Coroutine[Any, Any, T], note: Callable[[], None], parts: Parts | None = None
) -> T:
    """The result of the work. Each time that Temporal is asked to cancel the workflow, `note` is called instead.

    Raises what the work raises, or a part beside it.
    """
    task = asyncio.create_task(work)
    over = _first_of(task, (parts or Parts()).failure())
    while True:
        try:
            return await asyncio.shield(over)
        except asyncio.CancelledError:
            if task.cancelled():
                # Eviction, not cancellation: the worker drops the run from its cache, and the SDK cancels every task.
                raise
            note()


def _first_of(work: asyncio.Task[T], failure: asyncio.Future[None]) -> asyncio.Future[T]:
    """What comes first: the work's end, or the failure."""
    over: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def work_ended(_: object) -> None:
        if over.done():
            return
        if work.cancelled():
            over.cancel()
        elif error := work.exception():
            over.set_exception(error)
        else:
            over.set_result(work.result())

    def part_failed(_: object) -> None:
        if not over.done() and not failure.cancelled() and (error := failure.exception()):
            over.set_exception(error)

    work.add_done_callback(work_ended)
    failure.add_done_callback(part_failed)
    return over
