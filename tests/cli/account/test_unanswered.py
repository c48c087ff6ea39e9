"""A payment that is not answered: its id is printed, so that asking again does not pay twice (MON-7)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from domain.account.requests import AccountRequest
from tests.support.command_line import Starter
from workflows.calls.errors import NotAnswered


class Deaf:
    """In place of the accounts: it takes payments, and answers nothing."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def send(self, customer_id: str, request: AccountRequest, *, wait: bool = True) -> None:
        self.asked.append(request)
        raise NotAnswered(f"the account of {customer_id}: no worker answered in time.")

    async def invoice(self, invoice: str) -> Any:
        head = SimpleNamespace(customer_id="fabrikam", currency="USD", invoice=invoice)
        return SimpleNamespace(document=SimpleNamespace(head=head), to_pay=lambda _: 100)


@pytest.mark.parametrize(
    "line", ["account pay fabrikam 100 USD", "invoice pay INV-1 --amount 100", "account pay fabrikam 100 USD --no-wait"]
)
def test_the_line_to_ask_again_has_the_payments_id(
    starter: Starter, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    deaf = Deaf()

    @asynccontextmanager
    async def opened(_: str | None = None) -> AsyncIterator[Any]:
        yield SimpleNamespace(billing=deaf)

    monkeypatch.setattr("cli.opening.opened_perennial", opened)
    result = starter(*line.split())
    (asked,) = deaf.asked
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "the account of fabrikam: no worker answered in time. It may have been done, or be done later. Asked again "
        f"under its id it is done once: python starter.py {line} --payment-id {asked.payment_id}\n"
    )
