"""The use cases, opened for one command."""

from contextlib import AbstractAsyncContextManager

from activities.settings import Settings
from hosting.opening import opened
from perennial.use_cases import Perennial


def opened_perennial(address: str | None = None) -> AbstractAsyncContextManager[Perennial]:
    """The use cases on the settings' database and the server at the address, else the configured one."""
    return opened(Settings.load(), address)
