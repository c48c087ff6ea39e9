"""Reads signals strictly: the SDK would drop a malformed one, and fail for ever on a wrong number of arguments."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from domain.values import Strict
from workflows.durable import options

R = TypeVar("R", bound=Strict)


class Inbox(Generic[R]):
    """Reads the signals of a workflow in their order, only as many per workflow task as a task has time for.

    `known` has the signals and the request that each carries. Each request goes to `take`; a signal that cannot be read
    goes to `refuse`, with the reason. Both get the signal's name first.
    """

    def __init__(
        self, known: Mapping[str, type[R]], take: Callable[[str, R], None], refuse: Callable[[str, str], None]
    ) -> None:
        self._known = known
        self._take = take
        self._refuse = refuse
        self._waiting: deque[tuple[str, Sequence[RawValue]]] = deque()
        self._emptying: asyncio.Task[None] | None = None
        self._task, self._read_in_task = 0, 0
        self.received = 0
        """How many signals have come in this run."""

    @property
    def empty(self) -> bool:
        """Whether no signal waits to be read."""
        return not self._waiting

    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        """Read the signal now, or put it by for a later task.

        A task must end within two seconds. One that takes longer fails and is tried again, with more signals each
        time: it would never succeed.
        """
        self.received += 1
        task = workflow.info().get_current_history_length()
        if task != self._task:
            self._task, self._read_in_task = task, 0
        if self._waiting or self._read_in_task >= options.SIGNALS_AT_ONCE:
            self._waiting.append((name, args))
            if self._emptying is None:
                self._emptying = asyncio.create_task(self._empty())
            return
        self._read_in_task += 1
        self._read(name, args)

    async def emptied(self) -> None:
        """Wait until all signals are read."""
        await workflow.wait_condition(lambda: self.empty)

    async def _empty(self) -> None:
        """Read what waits, some signals per task. Updates that come meanwhile are decided before them."""
        while self._waiting:
            await workflow.sleep(options.SHORTEST_TIMER, summary=f"{len(self._waiting)} signals are waiting")
            for _ in range(min(len(self._waiting), options.SIGNALS_AT_ONCE)):
                self._read(*self._waiting.popleft())
        self._emptying = None

    def _read(self, name: str, args: Sequence[RawValue]) -> None:
        try:
            request = read_signal(name, args, self._known)
        except ApplicationError as error:
            self._refuse(name, error.message)
        else:
            self._take(name, request)


def read_signal(name: str, args: Sequence[RawValue], known: Mapping[str, type[R]]) -> R:
    """The request that the signal carries. Raises ApplicationError, in one line, where it carries none."""
    if name not in known:
        raise ApplicationError(f"there is no such signal; there are {', '.join(known)}")
    if len(args) != 1:
        raise ApplicationError(f"takes one argument, a mapping of its fields; it got {len(args)}")
    try:
        request = workflow.payload_converter().from_payload(args[0].payload, known[name])
    except (KeyError, RuntimeError, UnicodeDecodeError) as error:
        raise ApplicationError(f"cannot be decoded: {error}") from None
    if not isinstance(request, known[name]):
        raise ApplicationError(f"takes a mapping of its fields; it got {type(request).__name__}")
    return request
