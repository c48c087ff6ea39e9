"""`reconcile` as people and monitoring read it: exit code, document, and a line per finding."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from temporalio.client import Client

from hosting.temporal.connection import connect_to
from tests.support.command_line import Ask
from tests.support.live.repairs import reset, tasks_of


@pytest.fixture
def bought(ask: Ask, customer: str) -> str:
    subscription = f"compared-{customer}"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {subscription}")
    return subscription


def on_the_server(running: dict[str, str], work: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    async def connected() -> None:
        await work(await connect_to(running["TEMPORAL_ADDRESS"]))

    asyncio.run(connected())


def terminate(running: dict[str, str], subscription: str) -> None:
    async def work(client: Client) -> None:
        await client.get_workflow_handle(f"subscription:{subscription}").terminate(reason="the wrong window")

    on_the_server(running, work)


def test_nothing_found(ask: Ask, bought: str, customer: str) -> None:
    assert ask.said(f"reconcile {bought} {customer}") == (
        "1 subscription, 1 billing account, 0 deliveries; 2 histories read\n"
        "Books and workflows agree, and nothing is overdue.\n"
    )
    found = ask.json(f"reconcile {bought} --quick")
    assert found == {
        "compared": {"subscription": 1, "account": 0, "delivery": 0, "bulk": 0},
        "read": 0,
        "kinds": {},
        "findings": [],
    }


def test_a_finding_with_what_to_do(ask: Ask, bought: str, running: dict[str, str]) -> None:
    terminate(running, bought)
    result = ask.whole(f"reconcile {bought}", code=1)
    assert "\nterminated      1  its workflow was terminated: nothing of it happens any more\n" in result.stdout
    assert f"\nsubscription {bought}  terminated: It was terminated at " in result.stdout
    assert ": the wrong window (by " in result.stdout
    step = f"python starter.py reconcile {bought} --repair\n"
    assert result.stdout.endswith(f"Find out who ended it and why, then start it again: {step}")
    (finding,) = ask.json(f"reconcile {bought}", code=1)["findings"]
    assert (finding["noun"], finding["id"], finding["kind"]) == ("subscription", bought, "terminated")
    assert (finding["recorded"], finding["known"], finding["due_at"]) == (1, 1, None)
    assert (finding["next_step"]["do"], finding["cure"]) == ("repair", "rebuild")
    everything = ask.json("reconcile", code=1)
    assert bought in {each["id"] for each in everything["findings"]}
    assert everything["kinds"]["terminated"] >= 1


def test_what_is_refused(ask: Ask) -> None:
    assert ask.said("reconcile nobody-knows-it", code=1).startswith("There is no subscription nobody-knows-it.")
    assert "--grace" in ask.said("reconcile --grace 99999999", code=2)
    assert "--grace" in ask.said("reconcile --grace soon", code=2)
    assert "--yes goes with --repair" in ask.said("reconcile --yes", code=2)
    assert "note: got" in ask.said(f"reconcile --repair --yes --note {'x' * 1025}", code=2)


def test_a_server_that_is_away(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    began = time.monotonic()
    assert "No Temporal server can be reached" in ask.said("reconcile", code=1)
    assert time.monotonic() - began < 20


def test_the_commands_that_are_printed_repair(ask: Ask, bought: str, running: dict[str, str]) -> None:
    ask.json(f"quantity {bought} 5 --yes")
    terminate(running, bought)
    (finding,) = ask.json(f"reconcile {bought}", code=1)["findings"]
    step = finding["next_step"]["command"].removeprefix("python starter.py ")
    shown = ask.whole(step, code=1).stdout
    assert f"\nsubscription {bought}: would start it again from the books\n" in shown
    assert shown.endswith("1 workflow would be repaired, 0 findings left for you. Nothing is done yet: add --yes.\n")
    assert ask.json(f"reconcile {bought}", code=1)["findings"] == [finding]
    assert ask.whole(f"{step} --yes --by ada --note meant").stdout.endswith(
        "1 workflow: start it again from the books: done\n1 workflow repaired, 0 findings left for you.\n"
    )
    assert ask.json(f"show {bought}")["quantity"] == 5
    assert ask.json(f"reconcile {bought}")["findings"] == []
    ask.json(f"quantity {bought} 6 --yes")
    name = f"subscription:{bought}"

    async def back_to_the_first_task(client: Client) -> None:
        first = (await tasks_of(client, name))[0]
        await reset(client, name, to=first, reapply=False)

    on_the_server(running, back_to_the_first_task)
    # It goes on from the books by itself.
    assert ask.json(f"show {bought}")["quantity"] == 6
    assert ask.json(f"reconcile {bought}")["findings"] == []
