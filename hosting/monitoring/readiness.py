"""Whether a worker is ready: its server answers and gets its requests for tasks, and the books answer."""

import asyncio
import math
import time
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

from temporalio.service import RPCError

from activities.errors import WorldError, one_line
from hosting.monitoring.server import polls
from hosting.monitoring.works import Works

FRESH = timedelta(seconds=1)
"""How old a result may be: many that ask cost no more than one."""
PATIENCE = timedelta(seconds=2)
"""How long each check may take. Kubernetes asks with a timeout of its own."""
STARTING = "the worker is starting"
STOPPING = "the worker is stopping"
NOT_POLLING = "the server has no recent request for tasks from this worker"


class Readiness:
    """The checks, by name: why each fails, None where it does not."""

    def __init__(self) -> None:
        self._works: Works | None = None
        self._words = STARTING
        self._one_at_a_time = asyncio.Lock()
        self._found: dict[str, str | None] = {}
        self._looked_at = -math.inf

    def started(self, works: Works) -> None:
        """The worker runs."""
        self._works, self._looked_at = works, -FRESH.total_seconds()

    def stopping(self) -> None:
        """The worker takes no more tasks."""
        self._works, self._words = None, STOPPING

    async def checks(self) -> dict[str, str | None]:
        """Look, unless somebody has just done so."""
        async with self._one_at_a_time:
            works = self._works
            if works is None:
                return {"worker": self._words}
            if time.monotonic() - self._looked_at >= FRESH.total_seconds():
                checks = {"server": _server(works), "polling": _polling(works), "database": works.books.figures.check()}
                found = await asyncio.gather(*(_reason(each) for each in checks.values()))
                self._found = dict(zip(checks, found, strict=True))
                self._looked_at = time.monotonic()
            return self._found


async def _server(works: Works) -> None:
    await works.client.service_client.check_health(timeout=PATIENCE)


async def _polling(works: Works) -> None:
    if not works.worker.is_running or works.worker.is_shutdown or not await polls(works.client, works.task_queue):
        raise _NotPolling(NOT_POLLING)


class _NotPolling(Exception):
    """The message says why."""


async def _reason(check: Awaitable[Any]) -> str | None:
    """Why the check fails, in one line; None if it does not."""
    try:
        await asyncio.wait_for(check, PATIENCE.total_seconds())
    except TimeoutError:
        return f"no answer within {PATIENCE.total_seconds():g} s"
    except RPCError as error:
        return one_line(f"{error.status.name}: {error.message}")
    except (WorldError, _NotPolling) as error:
        return str(error)
    return None
