"""Whether this process traces commands; what does is imported only then."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol, cast, runtime_checkable

from temporalio.client import Client, Interceptor

from activities.billing.ports import Books
from activities.settings import Settings, SettingsFault, Switch


@runtime_checkable
class Traces(Protocol):
    """What an interceptor that traces does besides."""

    def traced(self, books: Books) -> Books:
        """The books, whose writes are traced."""


def interceptors(settings: Settings) -> list[Interceptor]:
    """What a client is to be connected with. Raises SettingsFault where the extra is not installed."""
    if settings.tracing is Switch.OFF:
        return []
    try:
        module = import_module("hosting.tracing.tracing")
    except ImportError as error:
        raise SettingsFault(
            f"PERENNIAL_TRACING: got on, which needs the extra `tracing` ({error}): pip install 'perennial[tracing]', "
            "or unset it."
        ) from None
    return [cast(Interceptor, module.tracing())]


def traced(books: Books, client: Client) -> Books:
    """The books, whose writes are traced if the client's commands are."""
    for each in client.config()["interceptors"]:
        if isinstance(each, Traces):
            return each.traced(books)
    return books


@contextmanager
def command(settings: Settings, name: str) -> Iterator[None]:
    """A span around what a person has typed, if this process traces."""
    for each in interceptors(settings):
        with each.tracer.start_as_current_span(name):  # type: ignore[attr-defined]
            yield
        return
    yield
