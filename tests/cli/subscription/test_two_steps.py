"""`cancel` shows the decision, asks, and sends what was shown: nothing is done where it is different by then."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli import confirming, sent
from domain.money import Money
from domain.ordering.terms import Order
from domain.subscription.commands import Command, Expected
from domain.subscription.decision import Answer
from domain.values import parse_instant
from perennial.sources.sources import Sources
from perennial.subscription.commands import Commands
from statemachines.preview.simulator import Simulator
from statemachines.subscription.life import Life
from tests.support.command_line import Starter
from tests.support.shop.offers import offer_fields
from workflows.calls.errors import NotAnswered

BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
INSIDE, AFTER = "2027-02-01T08:00:00Z", "2027-02-01T09:00:00Z"


class StandIn:
    """Answers as a server would, in the simulator; the command reaches it at another instant than the preview."""

    def __init__(self, *, previewed: str, sent: str) -> None:
        order: dict[str, Any] = {
            "subscription_id": "crm-1",
            "customer": "fabrikam",
            "at": BOUGHT,
            "quantity": 3,
            "offer": offer_fields(),
        }
        self._simulator = Simulator(Order.model_validate_json(json.dumps(order, default=str)))
        self._previewed, self._sent = parse_instant(previewed), parse_instant(sent)
        self.asked: list[Command] = []

    async def preview(self, subscription_id: str, command: Command) -> Answer:
        return Simulator.resumed(self._simulator.life).ask(command, self._previewed)

    async def ask(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer:
        self.asked.append(command)
        return self._simulator.ask(command, self._sent)

    async def life(self, subscription_id: str) -> Life:
        return self._simulator.life


class Connected:
    """Sources whose server is the stand-in."""

    def __init__(self, stand_in: StandIn) -> None:
        self._server = SimpleNamespace(subscriptions=stand_in)

    async def server(self) -> SimpleNamespace:
        return self._server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return connect(monkeypatch, StandIn(previewed=INSIDE, sent=INSIDE))


def connect(monkeypatch: pytest.MonkeyPatch, stand_in: StandIn) -> StandIn:
    @asynccontextmanager
    async def opened(address: str | None = None) -> AsyncIterator[Any]:
        yield SimpleNamespace(commands=Commands(cast("Sources", Connected(stand_in))))

    monkeypatch.setattr("cli.opening.opened_perennial", opened)
    return stand_in


def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "at_a_terminal", lambda: True)


CANCEL = ("cancel", "crm-1", "--reason", "customer_request")


def test_a_dry_run_shows_the_decision_and_stops(starter: Starter, server: StandIn) -> None:
    result = starter(*CANCEL, "--dry-run")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("would be cancelled_with_credit (CXL-2")
    assert "USD 30.00" in result.stdout
    assert server.asked == []


def test_yes_sends_it_as_it_was_shown(starter: Starter, server: StandIn) -> None:
    result = starter(*CANCEL, "--yes", "--details", "moving on", "--command-id", "c-1")
    assert result.exit_code == 0
    assert result.stdout.startswith("cancelled_with_credit (CXL-2")
    (sent,) = server.asked
    assert sent.command_id == "c-1"
    credit = Money(amount=Decimal("30.00"), currency="USD")
    assert sent.expected == Expected(outcome="cancelled_with_credit", credit=credit)


def test_confirmed_at_a_terminal(starter: Starter, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)
    result = starter(*CANCEL, typed="y\n")
    assert result.exit_code == 0
    assert len(server.asked) == 1
    shown, done = result.stdout.split("\ncancelled_with_credit", 1)
    assert shown.startswith("would be cancelled_with_credit")
    assert "USD 30.00" in done


def test_not_confirmed(starter: Starter, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)
    result = starter(*CANCEL, typed="n\n")
    assert result.exit_code == 1
    assert result.stderr.endswith("Nothing was done.\n")
    assert server.asked == []


def test_the_window_closed_in_between(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, StandIn(previewed=INSIDE, sent=AFTER))
    result = starter(*CANCEL, "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("refused by CXL-3")
    assert "Nothing was done: the result is no longer what was shown" in result.stderr


def test_json_is_one_document_also_when_it_asks(
    starter: Starter, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_a_terminal(monkeypatch)
    result = starter(*CANCEL, "--json", typed="y\n")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["credit"] == {"amount": "30.00", "currency": "USD"}
    assert "would be cancelled_with_credit" in result.stderr


def test_a_refusal_is_exit_code_1_and_nothing_is_asked(starter: Starter, server: StandIn) -> None:
    result = starter("deprovision", "crm-1", "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("refused by CXL-6")
    assert server.asked == []


def test_a_refusal_as_json(starter: Starter, server: StandIn) -> None:
    result = starter("deprovision", "crm-1", "--yes", "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout)["rule"] == "CXL-6"


QUANTITY = ("quantity", "crm-1", "5")


def test_what_costs_is_shown_and_asked(starter: Starter, server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    at_a_terminal(monkeypatch)
    result = starter(*QUANTITY, typed="n\n")
    assert (result.exit_code, server.asked) == (1, [])
    assert result.stdout.startswith("would be done (MON-4")
    assert "charge     USD 48.21" in result.stdout
    assert starter(*QUANTITY, typed="y\n").exit_code == 0
    (sent,) = server.asked
    money = (Money(amount=Decimal(amount), currency="USD") for amount in ("28.93", "48.21"))
    assert sent.expected == Expected(outcome="done", credit=next(money), charge=next(money))


def test_without_a_terminal_it_says_what_it_would_cost(starter: Starter, server: StandIn) -> None:
    result = starter(*QUANTITY)
    assert (result.exit_code, result.stdout, server.asked) == (2, "", [])
    assert result.stderr == (
        "It would be done (MON-4). The quantity is now 5, prorated by day. Charge: USD 48.21. Credit: USD 28.93. "
        "It asks before it acts, and there is no terminal to ask at: add --yes to do it, or --dry-run to see what it "
        "would do.\n"
    )


def test_what_costs_nothing_is_not_asked(starter: Starter, server: StandIn) -> None:
    assert starter("quantity", "crm-1", "2").exit_code == 0
    assert len(server.asked) == 1
    assert starter("quantity", "crm-1", "2").stdout.startswith("unchanged (MON-7")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("quantity crm-1 5", "charge     USD 48.21"),
        ("suspend crm-1 --reason fraud", "All data is deleted at "),
        ("reactivate crm-1", "refused by LIF-1"),
        ("add-on crm-1 backup 2", "refused by BUY-4"),
    ],
)
def test_each_has_a_dry_run(starter: Starter, server: StandIn, line: str, says: str) -> None:
    result = starter(*line.split(), "--dry-run")
    assert says in result.output
    assert result.exit_code == ("refused" in says)
    assert server.asked == []


def test_what_deletes_is_asked(starter: Starter, server: StandIn) -> None:
    result = starter("suspend", "crm-1", "--reason", "fraud")
    assert (result.exit_code, server.asked) == (2, [])
    assert result.stderr.startswith("It would be done (SUS-1). Suspended. All data is deleted at ")
    assert starter("suspend", "crm-1", "--reason", "fraud", "--yes").exit_code == 0
    assert starter("reactivate", "crm-1").exit_code == 0, "the days are paid"


def test_a_repeat_under_its_id_gets_the_first_answer(starter: Starter, server: StandIn) -> None:
    """Although it would be unchanged by now."""
    line = (*QUANTITY, "--yes", "--command-id", "c-1")
    first, again = starter(*line), starter(*line)
    assert (first.exit_code, again.stdout) == (0, first.stdout)
    other = starter("quantity", "crm-1", "6", "--yes", "--command-id", "c-1")
    assert (other.exit_code, other.stdout) == (1, "")
    assert other.stderr == "command_id c-1 was used for another command; use a new id.\n"


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Also where the tests run in the background of a shell, which lets them ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_at_the_prompt_ends_it_at_once(
    starter: Starter, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not wait for the end of the line, and nothing is sent."""

    def readline() -> str:
        interrupt()
        time.sleep(5)
        return "y\n"

    at_a_terminal(monkeypatch)
    stand_in = SimpleNamespace(stdin=SimpleNamespace(readline=readline), stderr=sys.stderr)
    began = time.monotonic()
    with monkeypatch.context() as typing:
        typing.setattr(confirming, "sys", stand_in)
        result = starter(*CANCEL)
    assert (result.exit_code, time.monotonic() - began < 5) == (130, True)
    assert server.asked == []


def test_ctrl_c_while_it_waits_says_what_was_under_way(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(StandIn):
        async def ask(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer:
            self.asked.append(command)
            interrupt()
            await asyncio.sleep(30)
            raise AssertionError("it was interrupted")

    connect(monkeypatch, Silent(previewed=INSIDE, sent=INSIDE))
    result = starter(*CANCEL, "--yes", "--command-id", "c-1")
    assert result.exit_code == 130
    assert result.stderr == (
        "Request c-1 was under way. It may have been done, or be done later. Asked again under its id it is done once: "
        "python starter.py cancel crm-1 --reason customer_request --yes --command-id c-1\nStopped.\n"
    )


class Deaf(StandIn):
    """Answers nothing; the second time it does, where `at_last`."""

    at_last = False

    async def ask(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer:
        self.asked.append(command)
        if self.at_last and len(self.asked) > 1:
            return self._simulator.ask(command, self._sent)
        raise NotAnswered("crm-1: no worker answered in time.")


def test_no_answer_prints_the_line_that_asks_again(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = Deaf(previewed=INSIDE, sent=INSIDE)
    connect(monkeypatch, deaf)
    result = starter(*CANCEL, "--yes", "--details", "moving on")
    (asked,) = deaf.asked
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "crm-1: no worker answered in time. It may have been done, or be done later. Asked again under its id it is "
        "done once: python starter.py cancel crm-1 --reason customer_request --yes --details 'moving on' "
        f"--command-id {asked.command_id}\n"
    )


def test_with_a_timeout_it_is_sent_until_it_is_answered(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under one id."""
    monkeypatch.setattr(sent, "PAUSE", timedelta(milliseconds=10))
    deaf = Deaf(previewed=INSIDE, sent=INSIDE)
    deaf.at_last = True
    connect(monkeypatch, deaf)
    assert starter(*CANCEL, "--yes", "--timeout", "60").exit_code == 0
    assert len(deaf.asked) == 2
    assert len({command.command_id for command in deaf.asked}) == 1


def test_the_timeout_ends_it(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(StandIn):
        async def ask(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer:
            await asyncio.sleep(60)
            raise AssertionError("it was not ended")

    connect(monkeypatch, Slow(previewed=INSIDE, sent=INSIDE))
    result = starter(*CANCEL, "--yes", "--timeout", "1", "--command-id=c-1")
    assert result.exit_code == 1
    assert result.stderr.startswith("No answer within 1 s. It may have been done, or be done later. ")
    assert result.stderr.endswith("--timeout 1 --command-id=c-1\n")
    assert starter(*CANCEL, "--timeout", "0").exit_code == 2
