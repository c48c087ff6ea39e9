"""Completion as shells ask for it: the ids that the books have, a few, and never an error."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.app import command_line
from cli.group import WHOSE_IDS
from hosting.completion import MOST
from tests.support.command_line import COMMANDS, Ask
from tests.support.paths import ROOT

CALLED = "import sys; sys.argv[0] = 'perennial'; from cli.start import main; main()"
"""The program under the name that it is installed by: only that one is completed."""


def offered(shell: str, line: str, **environment: str) -> list[str]:
    """The words that the shell is offered where the line ends, asked as its installed script does, without an error."""
    asked = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }
    result = subprocess.run(
        [sys.executable, "-c", CALLED],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "_PERENNIAL_COMPLETE": f"complete_{shell}", **asked[shell], **environment},
    )
    assert (result.returncode, result.stderr) == (0, "")
    if shell == "zsh":
        return re.findall(r'"([^"]+)"', result.stdout.partition("((")[2])
    return [each.partition("\t")[0] for each in result.stdout.splitlines() if each]


@pytest.mark.live
def test_the_ids_that_begin_so(ask: Ask, running: dict[str, str], customer: str) -> None:
    """In every shell: the words offered are the same, and only how they are asked for differs."""
    ids = [f"one-of-{customer}-{number}" for number in range(2)]
    for one in ids:
        ask.json(f"buy contoso-crm --customer {customer} --id {one}")
    for shell in ("bash", "zsh", "fish"):
        assert offered(shell, f"perennial show one-of-{customer}", **running) == ids
    ask.json(f"bulk auto-renew off --customer {customer} --id op-{customer} --yes --rate 1000")
    assert offered("bash", f"perennial clock advance --subscription {ids[1]}", **running) == [ids[1]]
    assert offered("bash", f"perennial bulk show op-{customer}", **running) == [f"op-{customer}"]
    assert customer in offered("bash", f"perennial list --customer {customer}", **running)
    assert offered("bash", "perennial buy contoso", **running) == ["contoso-crm"]
    assert offered("bash", "perennial show nobody-has-this", **running) == []


@pytest.mark.live
def test_customers_invoices_and_orders(ask: Ask, running: dict[str, str], customer: str) -> None:
    ask.json(f"buy contoso-crm --customer {customer} --id ordered-{customer} --test-clock 2027-01-15T09:00:00Z")
    ask.json(f"clock advance {customer} --to 2027-02-10T00:00:00Z")
    (invoice,) = ask.json(f"invoice list --customer {customer}")
    assert offered("bash", f"perennial invoice pay {invoice['invoice']}", **running) == [invoice["invoice"]]
    assert customer in offered("bash", f"perennial account show {customer}", **running)
    (order,) = ask.json(f"order list --customer {customer}")
    assert offered("bash", f"perennial order show {order['order_id']}", **running) == [order["order_id"]]


@pytest.mark.live
def test_no_more_than_can_be_read(running: dict[str, str]) -> None:
    """The shop has more customers than are offered at once."""
    shown = offered("bash", "perennial account show ", **running)
    assert len(shown) == MOST
    assert shown == sorted(shown)


@pytest.mark.live
def test_an_id_that_is_to_be_new_is_not_offered(running: dict[str, str]) -> None:
    for line in ("perennial buy contoso-crm --id ", "perennial bulk reactivate --id "):
        assert offered("bash", line, **running) == []


@pytest.mark.parametrize(
    "environment",
    [
        {"PERENNIAL_DATA_DIR": "{folder}/none"},
        {"PERENNIAL_DATABASE_URL": "postgresql://127.0.0.1:1/nothing"},
        {"PERENNIAL_DATABASE_URL": "mysql://nothing"},
        {"PERENNIAL_DATABASE_URL": "sqlite:///{folder}/text.db"},
        {"PERENNIAL_DATABASE_URL": "sqlite:///{folder}/empty.db"},
        {"PERENNIAL_DATABASE_URL": "sqlite:///{folder}"},
    ],
    ids=["none yet", "away", "unknown", "no database", "empty", "a folder"],
)
def test_without_books_it_is_silent_and_makes_none(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all" * 100)
    (tmp_path / "empty.db").touch()
    before = sorted(os.listdir(tmp_path))
    given = {name: value.format(folder=tmp_path) for name, value in environment.items()}
    assert offered("bash", "perennial show ", **given) == []
    assert sorted(os.listdir(tmp_path)) == before


def test_each_name_that_offers_ids_is_that_of_a_parameter() -> None:
    whole, named = command_line(), set[str]()
    for command in COMMANDS:
        found = whole
        for word in command.split():
            found = found.get_command(None, word)
        named |= {parameter.name for parameter in found.params}
    assert WHOSE_IDS.keys() <= named
