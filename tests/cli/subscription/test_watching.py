"""`watch`: each event as it comes, at a terminal and in a pipe, and how it ends."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from cli.app import command_line
from perennial.subscription.watching import EVERY
from tests.support.command_line import Ask, Starter
from tests.support.paths import ROOT
from tests.support.terminal import STARTED, at_a_terminal


@contextmanager
def watching(running: dict[str, str], *args: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """The program in a pipe, from the moment on at which it watches."""
    process = subprocess.Popen(
        [*STARTED, "watch", *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **running},
    )
    assert process.stdout
    assert process.stderr
    try:
        said = process.stderr.readline()
        assert said.startswith("Watching "), said
        yield process, process.stdout
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def two(ask: Ask, customer: str) -> tuple[str, str]:
    ids = f"{customer}-1", f"{customer}-2"
    for key in ids:
        ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {key}")
    return ids


@pytest.mark.live
def test_a_line_for_each_event_from_now_on(
    ask: Ask, running: dict[str, str], customer: str, two: tuple[str, str]
) -> None:
    with watching(running, "--customer", customer) as (process, lines):
        ask.json(f"quantity {two[0]} 5 --yes")
        assert f"  {two[0]}  quantity_changed  quantity 3 → 5  by admin_agent  MON-4, " in lines.readline()
        ask.json(f"suspend {two[1]} --reason fraud --yes")
        assert f"  {two[1]}  suspended  state active → suspended, holds none → fraud" in lines.readline()
        third = f"{customer}-3"
        ask.json(f"buy few --customer {customer} --id {third}")
        assert f"  {third}  purchased  state pending → active  by admin_agent  BUY-4" in lines.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert (lines.read(), process.stderr and process.stderr.read()) == ("", "")


@pytest.mark.live
def test_one_document_per_line_until_the_subscription_ends(
    ask: Ask, running: dict[str, str], two: tuple[str, str]
) -> None:
    with watching(running, two[0], "--json") as (process, lines):
        ask.json(f"quantity {two[0]} 5 --yes")
        changed = json.loads(lines.readline())
        ask.json(f"quantity {two[1]} 7 --yes")
        ask.json(f"cancel {two[0]} --reason customer_request --yes")
        cancelled = json.loads(lines.readline())
        assert process.wait(30) == 0, "its end ends the watching"
        assert lines.read() == ""
    journal = [{"subscription_id": two[0], **event} for event in ask.json(f"events {two[0]}")]
    assert [changed, cancelled] == journal[1:]


@pytest.mark.live
def test_a_live_table_below_the_events(ask: Ask, running: dict[str, str], customer: str, two: tuple[str, str]) -> None:
    with at_a_terminal("watch", "--customer", customer, env=running) as terminal:
        said = terminal.wait_for("Ctrl-C ends it")
        assert "SUBSCRIPTION" in said
        assert "Renews: charge USD 30.00" in said or "Refund window closes" in said
        ask.json(f"suspend {two[1]} --reason fraud --yes")
        said = terminal.wait_for("SUS-1, suspended: users cannot sign in; fraud")
        line = f"{two[1]}  suspended  state active → suspended, holds none → fraud"
        assert " ".join(line.split()) in " ".join(said.split())  # however wide the terminal is
        terminal.wait_for(f"{two[1]:<{len('SUBSCRIPTION')}}  suspended  20")
        assert terminal.interrupted() == 0


@pytest.mark.live
def test_what_is_unknown(ask: Ask) -> None:
    assert "nobody" in ask.said("watch nobody", code=1)
    assert "nobody" in ask.said("watch --customer nobody", code=1)


@pytest.mark.parametrize("line", ["watch", "watch crm-1 --customer fabrikam"])
def test_one_subscription_or_one_customer(starter: Starter, line: str) -> None:
    result = starter(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "watch takes either the ID of a subscription, or --customer ID.\n"


def test_the_help_says_how_often_it_looks() -> None:
    assert EVERY.total_seconds() == 2
    assert "looked at every two seconds" in command_line("watch").help
