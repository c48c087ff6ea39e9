"""The command line as tests call it: in this process, or as a separate process."""

import asyncio
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from typer.testing import Result

from activities.settings import Settings
from cli.app import SECTIONS
from cli.group import Group

Starter = Callable[..., Result]

Program = Callable[..., subprocess.CompletedProcess[str]]

T = TypeVar("T")

_KNOWN = {name: found for section in SECTIONS.values() for name, found in section.items()}
GROUPS = {name: found for name, found in _KNOWN.items() if isinstance(found, Group)}
COMMANDS = {name: found for name, found in _KNOWN.items() if isinstance(found, str)} | {
    f"{noun} {name}": place for noun, group in GROUPS.items() for name, place in group.commands.items()
}
"""Where each command is written, by its full name."""


@contextmanager
def in_a_thread(context: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Inside, the context is entered in an event loop of its own, beside this thread."""
    up, done = threading.Event(), threading.Event()
    entered: list[T] = []

    async def serve() -> None:
        async with context as found:
            entered.append(found)
            up.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert up.wait(60)
    yield entered[0]
    done.set()
    thread.join()


def variables(settings: Settings, address: str) -> dict[str, str]:
    """What tells the command line where server and books are."""
    return {
        "PERENNIAL_DATABASE_URL": settings.database_url,
        "PERENNIAL_TENANTS_PATH": str(settings.tenants_path),
        "PERENNIAL_TASK_QUEUE": settings.task_queue,
        "TEMPORAL_ADDRESS": address,
    }


class Ask:
    """The command line with a server and a catalog to talk to."""

    def __init__(self, starter: Starter) -> None:
        self._starter = starter

    def json(self, line: str, code: int = 0, typed: str | None = None) -> Any:
        """The one document that the command prints."""
        return self.document(*line.split(), code=code, typed=typed)

    def document(self, *words: str, code: int = 0, typed: str | None = None) -> Any:
        """The same, of words that may hold spaces."""
        result = self._starter(*words, "--json", typed=typed)
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def said(self, line: str, code: int = 0) -> str:
        """What a person reads: stdout, or the one line on stderr where it fails."""
        return self.words(*line.split(), code=code)

    def words(self, *words: str, code: int = 0) -> str:
        """The same, of words that may hold spaces and worse."""
        result = self._starter(*words)
        assert result.exit_code == code, result.output
        if code:
            assert (result.stdout, result.stderr.count("\n")) == ("", 1), result.output
            assert len(result.stderr) < 1000
            assert result.stderr.isprintable() or result.stderr[:-1].isprintable()
        return result.stderr if code else result.stdout

    def whole(self, line: str, code: int = 0) -> Result:
        """Both streams."""
        result = self._starter(*line.split())
        assert result.exit_code == code, result.output
        return result


@dataclass(frozen=True)
class Billed:
    """A customer of three CRM seats from 2027-01-15 on, whose invoice of January waits. It is February 10th."""

    ask: Ask
    customer: str
    subscription: str
    invoice: str

    @property
    def owed(self) -> str:
        """What is to be paid of the invoice."""
        found: str = self.ask.json(f"invoice show {self.invoice}")["owed"]
        return found

    def everything(self) -> list[Any]:
        """What every page shows of the customer's money; a refused command must leave all of it unchanged."""
        told = [self.ask.json(f"{noun} {self.customer}") for noun in ("account show", "balance", "statement")]
        return [*told, self.ask.json(f"invoice list --customer {self.customer}")]
