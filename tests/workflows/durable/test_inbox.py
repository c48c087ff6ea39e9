"""Signals are read in their order, so many per workflow task; what cannot be read is refused with its reason."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.common import RawValue

from domain.account.requests import ReceivePayment
from workflows.durable import options
from workflows.durable.cancellation import Parts
from workflows.durable.inbox import Inbox
from workflows.guard.converter import DATA_CONVERTER

KNOWN = {"payment_received": ReceivePayment}
AT_ONCE = 2


class Server:
    """What an inbox asks of the server and the SDK: the task that runs, and timers."""

    def __init__(self) -> None:
        self.task = 1
        self.timers: list[str] = []

    def get_current_history_length(self) -> int:
        return self.task

    async def sleep(self, _: timedelta, *, summary: str) -> None:
        self.timers.append(summary)
        await asyncio.sleep(0)
        self.task += 1


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    async def wait_condition(met: Callable[[], bool]) -> None:
        while not met():
            await asyncio.sleep(0)

    made = Server()
    monkeypatch.setattr(workflow, "info", lambda: made)
    monkeypatch.setattr(workflow, "sleep", made.sleep)
    monkeypatch.setattr(workflow, "wait_condition", wait_condition)
    monkeypatch.setattr(workflow, "payload_converter", lambda: DATA_CONVERTER.payload_converter)
    monkeypatch.setattr(options, "SIGNALS_AT_ONCE", AT_ONCE)
    return made


def carrying(*values: object) -> list[RawValue]:
    return [RawValue(payload) for payload in DATA_CONVERTER.payload_converter.to_payloads(values)]


def failed(number: int) -> list[RawValue]:
    return carrying({"by": "service", "payment_id": f"p-{number}", "currency": "USD", "amount": "1.00"})


def inbox() -> tuple[Inbox[ReceivePayment], list[Any]]:
    read: list[Any] = []

    def take(name: str, request: ReceivePayment) -> None:
        read.append(request.payment_id)

    def refuse(name: str, reason: str) -> None:
        read.append((name, reason))

    return Inbox(KNOWN, take, refuse, Parts()), read


async def test_so_many_are_read_per_task_in_their_order(server: Server) -> None:
    box, read = inbox()
    for number in range(5):
        box.receive("payment_received", failed(number))
    assert read == ["p-0", "p-1"]
    assert not box.empty
    await box.emptied()
    assert read == [f"p-{number}" for number in range(5)]
    assert server.timers == ["3 signals are waiting", "1 signals are waiting"]
    assert box.received == 5


async def test_the_next_task_has_its_own_number(server: Server) -> None:
    box, read = inbox()
    for number in range(4):
        server.task = number // 2
        box.receive("payment_received", failed(number))
    assert len(read) == 4
    assert server.timers == []


@pytest.mark.parametrize(
    ("name", "args", "reason"),
    [
        ("payment_lost", failed(1), "there is no such signal; there are payment_received"),
        ("payment_received", [], "takes one argument, a mapping of its fields; it got 0"),
        ("payment_received", carrying(1, 2), "takes one argument, a mapping of its fields; it got 2"),
        ("payment_received", carrying(None), "takes a mapping of its fields; it got NoneType"),
        ("payment_received", carrying({"by": "service"}), "Malformed request: currency: got nothing; takes a value"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_its_reason(
    server: Server, name: str, args: list[RawValue], reason: str
) -> None:
    box, read = inbox()
    box.receive(name, args)
    ((refused, words),) = read
    assert refused == name
    assert words.startswith(reason)


async def test_a_signal_that_is_too_large_is_refused_before_it_is_decoded(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, read = inbox()
    unknown = carrying({f"field_{number}": 1 for number in range(190_000)})
    monkeypatch.setattr(workflow, "payload_converter", lambda: pytest.fail("it is decoded"))
    box.receive("payment_received", unknown)
    size = len(unknown[0].payload.data)
    assert read == [("payment_received", f"got {size} bytes; takes at most 8192")]


async def test_only_so_many_bytes_are_read_per_task(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "SIGNALS_AT_ONCE", 1000)
    box, read = inbox()
    padded = carrying({"padding": "x" * 7_000})
    for _ in range(20):
        box.receive("payment_received", padded)
    assert len(read) == options.SIGNAL_BYTES_AT_ONCE // len(padded[0].payload.data) == 9
    await box.emptied()
    assert len(read) == 20
    assert len(server.timers) == 2
