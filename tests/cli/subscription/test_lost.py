"""What is shown of a workflow that has ended, was ended from outside, or is unknown to the server."""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from temporalio.client import Client

from hosting.temporal.connection import connect_to
from tests.support.command_line import Ask
from tests.support.live.repairs import delete

pytestmark = pytest.mark.live

COMMANDS = (
    "show {}",
    "timeline {}",
    "cancel {} --reason customer_request --yes",
    "cancel {} --reason customer_request --dry-run",
    "quantity {} 5",
    "suspend {} --reason fraud",
    "auto-renew {} off",
)
ALIVE = re.compile(r"active|has ended", re.IGNORECASE)


@pytest.fixture
def bought(ask: Ask, customer: str) -> str:
    subscription = f"lost-{customer}"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {subscription}")
    return subscription


@pytest.fixture
def on_the_server(running: dict[str, str]) -> Callable[[Callable[[Client], Coroutine[Any, Any, object]]], None]:
    def done(work: Callable[[Client], Coroutine[Any, Any, object]]) -> None:
        async def connected() -> None:
            await work(await connect_to(running["TEMPORAL_ADDRESS"]))

        asyncio.run(connected())

    return done


OnTheServer = Callable[[Callable[[Client], Coroutine[Any, Any, object]]], None]


def terminated(name: str) -> Callable[[Client], Coroutine[Any, Any, object]]:
    return lambda client: client.get_workflow_handle(name).terminate(reason="the wrong window")


def deleted(name: str) -> Callable[[Client], Coroutine[Any, Any, object]]:
    return lambda client: delete(client, name)


def test_an_ended_subscription_says_when_why_and_what_was_credited(
    ask: Ask, customer: str, on_the_server: OnTheServer
) -> None:
    name = f"ended-{customer}"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {name}")
    assert "ended" not in ask.json(f"show {name}")
    ask.json(f"cancel {name} --reason customer_request --details unused --actor pat --yes")
    for _from in ("its server", "the books alone"):
        ended = ask.json(f"show {name}")["ended"]
        assert ended["credited"] == {"amount": "30.00", "currency": "USD"}
        wanted = ("cancelled", "CXL-2", "admin_agent", "pat", "customer_request", "unused")
        assert tuple(ended[field] for field in ("event", "rule", "by", "actor", "reason", "details")) == wanted
        said = ask.said(f"show {name}")
        assert "because    cancelled by pat (admin_agent): CXL-2, inside the refund window\n" in said
        assert "reason     customer_request; unused\n" in said
        assert "credited   USD 30.00\n" in said
        on_the_server(deleted(f"subscription:{name}"))


def test_what_was_terminated_is_said_everywhere(ask: Ask, bought: str, on_the_server: OnTheServer) -> None:
    on_the_server(terminated(f"subscription:{bought}"))
    for command in COMMANDS:
        said = ask.said(command.format(bought), code=1)
        assert said.startswith(f"The workflow of {bought} was terminated at 20"), command
        assert ": the wrong window (by " in said
        assert said.endswith(f"Find out what to do: python starter.py reconcile {bought}\n"), command
        assert not ALIVE.search(said), command
    assert ask.whole(f"show {bought} --json", code=1).stdout == ""


def test_what_is_missing_is_said_too(ask: Ask, bought: str, on_the_server: OnTheServer) -> None:
    on_the_server(deleted(f"subscription:{bought}"))
    latest = time.monotonic() + 30
    while "missing" not in ask.whole(f"show {bought}", code=1).stderr and time.monotonic() < latest:
        time.sleep(0.2)
    for command in COMMANDS:
        said = ask.said(command.format(bought), code=1)
        assert said.startswith(f"The workflow of {bought} is missing on this server; the books have its events"), (
            command
        )
        assert said.endswith(f"Find out what to do: python starter.py reconcile {bought}\n"), command
        assert not ALIVE.search(said), command


def test_the_list_tells_of_books_that_the_server_knows_nothing_of(
    ask: Ask, bought: str, customer: str, on_the_server: OnTheServer
) -> None:
    """As after a lost server: nobody reads that there are no subscriptions, and finds no way on."""
    on_the_server(deleted(f"subscription:{bought}"))
    latest = time.monotonic() + 30
    while ask.json(f"list --customer {customer}") and time.monotonic() < latest:
        time.sleep(0.2)
    listed = ask.whole(f"list --customer {customer}")
    assert listed.stdout == ""
    assert listed.stderr == (
        "The server lists no such subscription; the books have one that is not ended. "
        "Unless it was bought or changed just now, find out what to do: python starter.py reconcile\n"
    )
    assert ask.json(f"list --customer {customer} --count")["unlisted"] == 1
    assert "No subscription matches. See all" in ask.said(f"list --customer {customer} --attention")


def test_the_list_shows_what_happened_to_it(ask: Ask, bought: str, customer: str, on_the_server: OnTheServer) -> None:
    other = f"{bought}-2"
    ask.json(f"buy contoso-crm --customer {customer} --id {other}")
    on_the_server(terminated(f"subscription:{bought}"))

    def states(line: str) -> dict[str, str]:
        return {row["subscription_id"]: row["state"] for row in ask.json(line)}

    wanted = {bought: "workflow_terminated", other: "active"}
    latest = time.monotonic() + 30
    while states(f"list --customer {customer}") != wanted and time.monotonic() < latest:
        time.sleep(0.2)
    assert states(f"list --customer {customer}") == wanted
    assert states(f"list --customer {customer} --attention") == {bought: "workflow_terminated"}
    assert states(f"list --customer {customer} --state active") == {other: "active"}
    counts = ask.json(f"list --customer {customer} --count")
    assert (counts["active"], counts["workflow_terminated"]) == (1, 1)
    text = ask.said(f"list --customer {customer}")
    assert f"{bought} needs attention: its workflow was terminated: compare it with the books (reconcile)\n" in text
    assert "workflow_terminated" in ask.said(f"list --customer {customer} --count")


def test_an_account_whose_workflow_was_terminated(
    ask: Ask, bought: str, customer: str, on_the_server: OnTheServer
) -> None:
    on_the_server(terminated(f"billing-account:{customer}"))
    for command in (f"account show {customer}", f"account pay {customer} 10.00 USD --payment-id p-{bought}"):
        said = ask.said(command, code=1)
        assert said.startswith(f"The workflow of the billing account of {customer} was terminated at 20"), said
        assert said.endswith(f"Find out what to do: python starter.py reconcile {customer}\n")


def test_one_that_has_ended_by_the_books_is_shown_as_ended(ask: Ask, bought: str, on_the_server: OnTheServer) -> None:
    ask.json(f"cancel {bought} --reason customer_request --yes")
    assert ask.json(f"show {bought}")["state"] == "cancelled"
    assert "has ended" in ask.said(f"quantity {bought} 5 --yes", code=1)
