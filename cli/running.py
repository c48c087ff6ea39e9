"""Runs a command's asynchronous work; whatever the world says against it becomes one clear line."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from cli.failure import Failure, Misused, complain

if TYPE_CHECKING:
    from perennial.use_cases import Perennial

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The work's result. Raises Failure with one line; Ctrl-C and SIGTERM end the work first."""
    from temporalio.service import RPCError

    from activities.settings import SettingsFault
    from cli.next_step import line_of
    from cli.rule_words import refused_by
    from domain.next_step import PerennialError, RefusedByRule

    try:
        return asyncio.run(_stoppable(work))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except SettingsFault as fault:
        raise Misused(*str(fault).splitlines()) from None
    except RefusedByRule as refused:
        raise Failure(refused_by(refused.rule, line_of(refused))) from None
    except PerennialError as error:
        raise Failure(line_of(error)) from None
    except RPCError as error:
        said = f"{' '.join(error.message.split())} ({error.status.name})"
        raise Failure(f"The Temporal server refused: {said}. Try again, or see its log.") from None


def use(ask: Callable[[Perennial], Awaitable[T]], address: str | None = None) -> T:
    """What the use case returns; the server is the one at the address, else the configured one. Raises as `run`."""

    async def work() -> T:
        from cli.opening import opened_perennial

        async with opened_perennial(address) as perennial:
            return await ask(perennial)

    return run(work())


@contextmanager
def stopped_with(lines: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Where Ctrl-C or SIGTERM ends the work inside, say on stderr what is done by then, and how to go on."""
    try:
        yield
    except asyncio.CancelledError:
        complain(lines())
        raise


async def _stoppable(work: Coroutine[Any, Any, T]) -> T:
    """The work, which SIGTERM ends as Ctrl-C does: what it has opened is closed."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work
