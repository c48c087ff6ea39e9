"""The use cases, opened for one command."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.settings import Settings
from hosting import traces
from hosting.opening import opened
from perennial.use_cases import Perennial


@asynccontextmanager
async def opened_perennial(address: str | None = None) -> AsyncIterator[Perennial]:
    """The use cases on the settings' database and the server at the address, else the configured one."""
    settings = Settings.load()
    with traces.command(settings, " ".join(sys.argv[1:2])):
        async with opened(settings, address) as perennial:
            yield perennial
