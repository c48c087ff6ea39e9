"""Runs a command's asynchronous work; whatever the world says against it becomes one clear line."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from cli.failure import Failure, Misused

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The work's result. Raises Failure with one line; Ctrl-C and SIGTERM end the work first."""
    from temporalio.service import RPCError

    from activities.errors import WorldError
    from activities.settings import SettingsFault
    from cli.printing.rule_words import refused_by
    from domain.ordering.cart import CartRefused
    from hosting.errors import HostingError
    from perennial.rehearsal.time_skipping import ClockStuck
    from workflows.calls.errors import CallError

    try:
        return asyncio.run(_stoppable(work))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except SettingsFault as fault:
        raise Misused(*str(fault).splitlines()) from None
    except (HostingError, CallError, WorldError, ClockStuck) as error:
        raise Failure(str(error)) from None
    except CartRefused as refused:
        raise Failure(refused_by(refused.rule, str(refused))) from None
    except RPCError as error:
        said = f"{' '.join(error.message.split())} ({error.status.name})"
        raise Failure(f"The Temporal server refused: {said}. Try again, or see its log.") from None


async def _stoppable(work: Coroutine[Any, Any, T]) -> T:
    """The work, which SIGTERM ends as Ctrl-C does: what it has opened is closed."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work
