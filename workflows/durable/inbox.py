"""Reads signals strictly: the SDK would drop a malformed one, and fail for ever on a wrong number of arguments."""

from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from domain.values import Frozen, Strict
from workflows.durable import options
from workflows.durable.cancellation import Parts

R = TypeVar("R", bound=Strict)


class HeldSignal(Frozen):
    """A signal that came before its workflow could read it; each argument is a payload in base64."""

    name: str
    args: tuple[str, ...]

    @classmethod
    def of(cls, name: str, args: Sequence[RawValue]) -> "HeldSignal":
        """The signal as it came."""
        return cls(name=name, args=tuple(b64encode(arg.payload.SerializeToString()).decode() for arg in args))

    @property
    def size(self) -> int:
        """Its characters."""
        return len(self.name) + sum(len(arg) for arg in self.args)

    @property
    def raw(self) -> list[RawValue]:
        """The arguments as they came."""
        return [RawValue(Payload.FromString(b64decode(arg))) for arg in self.args]


class Inbox(Generic[R]):
    """Reads the signals of a workflow in their order, only as many per workflow task as a task has time for.

    `known` has the signals and the request that each carries. Each request goes to `take`; a signal that cannot be read
    goes to `refuse`, with the reason. Both get the signal's name first. What waits is read beside the workflow's work,
    as one of its `parts`.
    """

    def __init__(
        self,
        known: Mapping[str, type[R]],
        take: Callable[[str, R], None],
        refuse: Callable[[str, str], None],
        parts: Parts,
    ) -> None:
        self._known = known
        self._take = take
        self._refuse = refuse
        self._waiting: deque[tuple[str, Sequence[RawValue]]] = deque()
        self._parts = parts
        self._emptying = False
        self._task, self._read_in_task, self._bytes_in_task = 0, 0, 0
        self.received = 0
        """How many signals have come in this run."""

    @property
    def empty(self) -> bool:
        """Whether no signal waits to be read."""
        return not self._waiting

    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        """Read the signal now, or put it by for a later task.

        A task must end within two seconds. One that takes longer fails and is tried again, with more signals each
        time: it would never succeed. A signal that is too large is refused unread, for the same reason.
        """
        self.received += 1
        size = _size(args)
        if size > options.LARGEST_REQUEST:
            self._refuse(name, f"got {size} bytes; takes at most {options.LARGEST_REQUEST}")
            return
        task = workflow.info().get_current_history_length()
        if task != self._task:
            self._task, self._read_in_task, self._bytes_in_task = task, 0, 0
        if self._waiting or self._task_is_full(size):
            self._waiting.append((name, args))
            if not self._emptying:
                self._emptying = True
                self._parts.start(self._empty())
            return
        self._read_in_task += 1
        self._bytes_in_task += size
        self._read(name, args)

    def receive_held(self, held: Sequence[HeldSignal]) -> None:
        """Read the signals that an earlier run held."""
        for signal in held:
            self.receive(signal.name, signal.raw)

    def _task_is_full(self, size: int) -> bool:
        return (
            self._read_in_task >= options.SIGNALS_AT_ONCE or self._bytes_in_task + size > options.SIGNAL_BYTES_AT_ONCE
        )

    async def emptied(self) -> None:
        """Wait until all signals are read."""
        await workflow.wait_condition(lambda: self.empty)

    async def _empty(self) -> None:
        """Read what waits, some signals per task. Updates that come meanwhile are decided before them."""
        while self._waiting:
            await workflow.sleep(options.SHORTEST_TIMER, summary=f"{len(self._waiting)} signals are waiting")
            self._read_in_task, self._bytes_in_task = 0, 0
            while self._waiting and not self._task_is_full(size := _size(self._waiting[0][1])):
                self._read_in_task += 1
                self._bytes_in_task += size
                self._read(*self._waiting.popleft())
        self._emptying = False

    def _read(self, name: str, args: Sequence[RawValue]) -> None:
        try:
            request = read_signal(name, args, self._known)
        except ApplicationError as error:
            self._refuse(name, error.message)
        else:
            self._take(name, request)


def _size(args: Sequence[RawValue]) -> int:
    """The bytes of a signal's arguments."""
    return sum(len(arg.payload.data) for arg in args)


def read_signal(name: str, args: Sequence[RawValue], known: Mapping[str, type[R]]) -> R:
    """The request that the signal carries. Raises ApplicationError, in one line, where it carries none."""
    if name not in known:
        raise ApplicationError(f"there is no such signal; there are {', '.join(known)}")
    if len(args) != 1:
        raise ApplicationError(f"takes one argument, a mapping of its fields; it got {len(args)}")
    request = workflow.payload_converter().from_payload(args[0].payload, known[name])
    if not isinstance(request, known[name]):
        raise ApplicationError(f"takes a mapping of its fields; it got {type(request).__name__}")
    return request
