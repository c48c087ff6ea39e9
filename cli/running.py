"""Runs a command's asynchronous work; whatever the world says against it becomes one clear line."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from cli.failure import Failure, Misused

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The work's result. Raises Failure with one line; Ctrl-C ends the work first."""
    from temporalio.service import RPCError

    from activities.errors import WorldError
    from activities.settings import SettingsFault
    from hosting.errors import HostingError
    from workflows.client import SubscriptionError
    from workflows.time_skipping import ClockStuck

    try:
        return asyncio.run(work)
    except SettingsFault as fault:
        raise Misused(*str(fault).splitlines()) from None
    except (HostingError, SubscriptionError, WorldError, ClockStuck) as error:
        raise Failure(str(error)) from None
    except RPCError as error:
        said = f"{' '.join(error.message.split())} ({error.status.name})"
        raise Failure(f"The Temporal server refused: {said}. Try again, or see its log.") from None
