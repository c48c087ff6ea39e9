"""`--local`: instants in the zone of this machine, named; what programs read stays in UTC."""

import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from datetime import UTC, datetime
from importlib import import_module
from inspect import signature

import pytest

from cli.local_time import with_local_time
from cli.printing.screen import day, instant, moment, second
from tests.support.command_line import COMMANDS, Billed, Starter

WINTER, SUMMER = datetime(2027, 1, 31, 23, 30, tzinfo=UTC), datetime(2027, 7, 31, 9, tzinfo=UTC)


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


WITHOUT = ("config", "explain")
"""Settings and rules have no instants."""


def prints(name: str) -> bool:
    module, _, function = COMMANDS[name].partition(":")
    return "as_json" in signature(getattr(import_module(module), function)).parameters


@pytest.mark.parametrize("name", COMMANDS)
def test_what_prints_instants_has_the_option(starter: Starter, name: str) -> None:
    assert ("--local" in starter(*name.split(), "--help").stdout) == (prints(name) and name not in WITHOUT)


@pytest.mark.live
def test_shown_in_the_zone_of_this_machine(billed: Billed, in_zone: Callable[[str], None]) -> None:
    ask = billed.ask
    utc = ask.said(f"events {billed.subscription}")
    assert "2027-01-15 09:00:00" in utc
    in_zone("America/New_York")
    local = ask.said(f"events {billed.subscription} --local")
    assert "WHEN (America/New_York)" in local
    assert "2027-01-15 04:00:00" in local
    assert ask.said(f"events {billed.subscription}") == utc, "only where it is asked for"
    assert "America/New_York by its own clock" in ask.said(f"show {billed.subscription} --local")
    assert "NEXT (America/New_York)" in ask.said(f"list --customer {billed.customer} --local")
    assert "(America/New_York)" in ask.said(f"invoice show {billed.invoice} --local")


@pytest.mark.live
def test_what_programs_read_stays_in_utc(billed: Billed, in_zone: Callable[[str], None]) -> None:
    in_zone("Asia/Kolkata")
    for line in (f"events {billed.subscription}", f"invoice show {billed.invoice}", f"timeline {billed.subscription}"):
        assert billed.ask.json(f"{line} --local") == billed.ask.json(line)
    assert billed.ask.said(f"ledger {billed.subscription} --csv --local") == billed.ask.said(
        f"ledger {billed.subscription} --csv"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "Europe/Berlin",
            ["2027-02-01 00:30:00", "2027-07-31 11:00:00 Europe/Berlin", "2027-02-01", "2027-07-31 11:00"],
        ),
        ("UTC", ["2027-01-31 23:30:00", "2027-07-31 09:00:00 UTC", "2027-01-31", "2027-07-31 09:00"]),
        ("CET-1CEST", ["2027-02-01 00:30:00", "2027-07-31 11:00:00 CET/CEST", "2027-02-01", "2027-07-31 11:00"]),
        ("Mars/Phobos", ["2027-01-31 23:30:00", "2027-07-31 09:00:00 Mars", "2027-01-31", "2027-07-31 09:00"]),
    ],
)
def test_summer_time_and_names(in_zone: Callable[[str], None], name: str, said: list[str]) -> None:
    in_zone(name)

    def print_some(as_json: bool) -> None:
        assert [second(WINTER), moment(SUMMER), day(WINTER), instant(SUMMER)] == (said if not as_json else [])

    command = with_local_time(print_some)
    copy_context().run(command, as_json=False, local_time=True)
    assert moment(WINTER) == "2027-01-31 23:30:00 UTC", "chosen for one command alone"
