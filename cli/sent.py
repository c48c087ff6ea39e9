"""A request that is under way: what may still become of it where no answer comes, and how to ask again safely."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from cli.failure import Failure
from cli.next_step import line_of
from cli.running import stopped_with
from cli.start import typed
from domain.next_step import PerennialError
from workflows.calls.errors import NotAnswered

T = TypeVar("T")
PAUSE = timedelta(milliseconds=500)


@dataclass(frozen=True)
class Sent:
    """A request by the id under which it counts once, however often it is sent, and the option that takes the id.

    Without an option the same line again is the same request. It is sent until the timeout, in seconds; without one, as
    long as its client does by itself. `unanswered` is how its client says that no answer came.
    """

    id: str
    option: str | None = None
    timeout: int | None = None
    unanswered: type[PerennialError] = NotAnswered

    async def answered(self, send: Callable[[], Awaitable[T]]) -> T:
        """The answer. Raises Failure with one line where none comes; Ctrl-C says what was under way, too."""
        loop = asyncio.get_running_loop()
        ends = None if self.timeout is None else loop.time() + self.timeout
        while True:
            with stopped_with(lambda: [f"Request {self.id} was under way. {self._open}"]):
                try:
                    async with asyncio.timeout_at(ends):
                        return await send()
                except TimeoutError:
                    raise Failure(f"No answer within {self.timeout} s. {self._open}") from None
                except self.unanswered as error:
                    if ends is None or loop.time() + PAUSE.total_seconds() >= ends:
                        raise Failure(f"{line_of(error).rstrip('.')}. {self._open}") from None
                await asyncio.sleep(PAUSE.total_seconds())

    @property
    def _open(self) -> str:
        """What may have become of it, and the line that asks again under its id."""
        if self.option is None:
            return f"It may have been done, or be done later. Asked again it is done once: {typed()}"
        again = again_under(self.option, self.id)
        return f"It may have been done, or be done later. Asked again under its id it is done once: {again}"


def again_under(option: str, request_id: str) -> str:
    """The line that was typed, with the option that makes it the same request."""
    line = typed()
    has_it = any(word.partition("=")[0] == option for word in shlex.split(line))
    return line if has_it else f"{line} {option} {request_id}"
