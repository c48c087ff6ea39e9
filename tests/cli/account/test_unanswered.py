"""A payment that is not answered: its id is printed, so that asking again does not pay twice (MON-7)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from cli.app import SECTIONS, command_line
from domain.account.requests import AccountRequest
from tests.support.command_line import Starter
from workflows.calls.errors import NotAnswered


class Deaf:
    """In place of the accounts: it takes payments, and answers nothing."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.documents = self

    async def send(self, customer_id: str, request: AccountRequest, *, wait: bool = True) -> None:
        raise await self._silent(f"the account of {customer_id}", request)

    async def retry(self, subscription_id: str, request: Any) -> str:
        raise await self._silent(subscription_id, request)

    skip = settle_of_account = settle_of_subscription = retry

    async def open(self, customer_id: str, *, suspends: bool) -> bool:
        raise await self._silent(customer_id, suspends)

    async def _silent(self, of: str, request: Any) -> NotAnswered:
        """With a timeout it is asked again: then it does not answer at all."""
        self.asked.append(request)
        if len(self.asked) > 1:
            await asyncio.sleep(60)
        return NotAnswered(f"{of}: no worker answered in time.")

    async def invoice(self, invoice: str) -> Any:
        head = SimpleNamespace(customer_id="fabrikam", currency="USD", invoice=invoice)
        return SimpleNamespace(document=SimpleNamespace(head=head), to_pay=lambda _: 100)


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> Deaf:
    """In place of the server."""
    nobody = Deaf()

    @asynccontextmanager
    async def opened(_: str | None = None) -> AsyncIterator[Any]:
        yield SimpleNamespace(billing=nobody, conflicts=nobody, notifications=nobody)

    monkeypatch.setattr("cli.opening.opened_perennial", opened)
    return nobody


@pytest.mark.parametrize(
    "line",
    [
        "account pay fabrikam 100 USD",
        "invoice pay INV-1 --amount 100",
        "account pay fabrikam 100 USD --no-wait",
        "invoice fail INV-1",
    ],
)
def test_the_line_to_ask_again_has_the_payments_id(starter: Starter, deaf: Deaf, line: str) -> None:
    result = starter(*line.split())
    (asked,) = deaf.asked
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "the account of fabrikam: no worker answered in time. It may have been done, or be done later. Asked again "
        f"under its id it is done once: python starter.py {line} --payment-id {asked.payment_id}\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "account terms fabrikam --no-suspension",
        "account open fabrikam",
        "conflict adopt fabrikam close:2027-02-01 --account --reason agreed",
        "conflict set-aside my-first record:5 --reason agreed",
        "notifications retry my-first",
        "notifications skip my-first 4",
    ],
)
def test_the_line_itself_asks_again_where_it_names_what_it_does_once(starter: Starter, deaf: Deaf, line: str) -> None:
    result = starter(*line.split())
    assert (result.exit_code, result.stdout, len(deaf.asked)) == (1, "", 1)
    may_be = "It may have been done, or be done later. Asked again it is done once: python starter.py"
    assert result.stderr.endswith(f": no worker answered in time. {may_be} {line}\n"), result.stderr
    result = starter(*line.split(), "--timeout", "1")
    assert (result.exit_code, result.stdout, len(deaf.asked)) == (1, "", 2)
    assert result.stderr == f"No answer within 1 s. {may_be} {line} --timeout 1\n"


def test_everything_that_somebody_asks_of_a_workflow_takes_a_timeout() -> None:
    lacking = [name for name, options in commands() if "--by" in options and "--timeout" not in options]
    # They ask many, for as long as that takes.
    assert [name for name in lacking if name.partition(" ")[0] not in MANY] == []


MANY = {"bulk", "import", "reconcile"}
"""Commands whose work is done on the server, or again and again, and goes on without whoever asked."""


def commands() -> Iterator[tuple[str, set[str]]]:
    """Every command with its options."""
    root = command_line()
    for section in SECTIONS.values():
        for name, found in section.items():
            command = root.get_command(None, name)
            inside = {f"{name} {each}": command.get_command(None, each) for each in getattr(found, "commands", ())}
            for typed, each in (inside or {name: command}).items():
                yield typed, {option for parameter in each.params for option in parameter.opts}
