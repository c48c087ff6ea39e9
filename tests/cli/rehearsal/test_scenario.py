"""`scenario run` in the simulator: the contract's documents, faults and exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.rehearsal.live import fresh_settings
from tests.support.command_line import Starter
from tests.support.paths import ROOT

LIVES = sorted((ROOT / "scenarios" / "lives").glob("*.yaml"))
FAULTY = sorted((ROOT / "scenarios" / "faulty").glob("*.yaml"))


def compared(document: dict[str, Any]) -> dict[str, Any]:
    """Without the texts, which are ours to word."""
    answers = [{**answer, "message": ""} for answer in document["answers"]]
    timeline = [{**milestone, "why": ""} for milestone in document["timeline"]]
    return {**document, "answers": answers, "timeline": timeline}


def documented(life: Path) -> dict[str, Any]:
    documents: list[dict[str, Any]] = json.loads(life.with_suffix(".json").read_text())
    return documents[0]


def test_it_prints_the_documents_of_the_contract(starter: Starter) -> None:
    result = starter("scenario", "run", "--json", *LIVES)
    assert (result.exit_code, result.stderr) == (0, "")
    documents = json.loads(result.stdout)
    for life, document in zip(LIVES, documents, strict=True):
        assert compared(document) == compared(documented(life)), life.name


def test_it_tells_a_story_that_fits_a_hundred_columns(starter: Starter) -> None:
    result = starter("scenario", "run", *LIVES)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    sheets = [line for line in result.stdout.splitlines() if not line.startswith(("money", "access", "then"))]
    assert [line for line in sheets if len(line) > 100] == []
    assert [line for line in result.stdout.splitlines() if line != line.rstrip()] == []


def test_a_story_has_commands_answers_rules_and_money(starter: Starter) -> None:
    life = ROOT / "scenarios" / "lives" / "suspended-over-a-billing-date-under-csp-2019.yaml"
    story = starter("scenario", "run", life).stdout
    assert "2027-03-01 00:00  $ suspend --reason nonpayment --by service\n" in story
    assert "done, SUS-1: Suspended." in story
    assert "reactivated     active     SUS-6  time suspended is not billed" in story
    assert any(line.endswith(" 124.00") and "2 x contoso-erp" in line for line in story.splitlines())
    assert "money   charged USD 336.20\n" in story


SEVERAL = """
name: two of one customer
customer: fabrikam
subscriptions:
  crm: {offer: {id: contoso-crm, term: P1Y, billing_plan: annual, currency: USD, unit_price: "120.00"},
        order: {at: 2027-01-25T09:00:00Z, quantity: 3}}
  mail: {offer: {id: fabrikam-mail, term: P1M, billing_plan: monthly, currency: EUR, unit_price: "10.00"},
         order: {at: 2027-02-01T00:00:00Z}}
commands:
  - {at: 2027-02-01T00:00:00Z, of: crm, do: cancel, reason: customer_request}
  - {at: 2027-02-01T00:00:00Z, of: mail, do: change_quantity, quantity: 2}
  - {at: 2027-03-10T00:00:00Z, do: pay, payment_id: bank-1, amount: "20.00", currency: EUR}
until: 2027-03-10T00:00:00Z
"""


def test_several_subscriptions_are_one_story(starter: Starter, tmp_path: Path) -> None:
    """In order; each event and command with the subscription's name, each amount with its currency."""
    file = tmp_path / "several.yaml"
    file.write_text(SEVERAL)
    result = starter("scenario", "run", file)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[:4] == [
        "two of one customer",
        "2 subscriptions of fabrikam · csp-2019",
        "crm: 3 x contoso-crm, 2027-01-25 09:00 · USD 120.00 a unit · P1Y billed yearly",
        "mail: 1 x fabrikam-mail, 2027-02-01 00:00 · EUR 10.00 a unit · P1M billed monthly",
    ]
    course = [line[18:].split() for line in lines if line.startswith(("20", "    "))]
    wanted = [
        ["crm", "purchased"],
        ["mail", "purchased"],
        ["$", "crm:"],
        ["crm", "cancelled"],
        ["$", "mail:"],
        ["mail", "quantity_changed"],
        ["mail", "renewed"],
        ["$", "pay"],
    ]
    assert [words[:2] for words in course if words[0] in {"crm", "mail", "$"}] == wanted
    assert any(line.endswith("USD -360.00") for line in lines)
    assert [line for line in lines if line in {"crm", "mail"}] == ["crm", "mail"]
    assert lines[-1].startswith("billed  1 ")
    assert max(map(len, lines[:-1])) <= 100


@pytest.mark.parametrize("file", FAULTY, ids=lambda file: file.stem)
def test_each_fault_is_one_line_that_names_its_field(starter: Starter, file: Path) -> None:
    result = starter("scenario", "run", "--json", file)
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    fields = [line.removeprefix(f"{file}: ").partition(": got ")[0] for line in lines]
    listed = file.with_suffix(".txt").read_text().split()
    assert set(listed) <= set(fields)
    assert all("; takes " in line for line in lines)
    assert lines, "a fault of the whole file"


def test_one_malformed_file_and_no_file_is_run(starter: Starter) -> None:
    result = starter("scenario", "run", LIVES[0], FAULTY[0], FAULTY[1])
    assert (result.exit_code, result.stdout) == (2, "")
    assert {line.partition(": ")[0] for line in result.stderr.splitlines()} == {str(FAULTY[0]), str(FAULTY[1])}


def test_a_file_that_is_not_there(starter: Starter, tmp_path: Path) -> None:
    result = starter("scenario", "run", tmp_path / "nothing.yaml")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "takes a file that can be read" in result.stderr


def test_what_a_file_says_cannot_steer_the_terminal(starter: Starter, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.yaml"
    text = LIVES[0].read_text()
    named = [r'name: "\e[31mred\u202Egnp.exe"' if line.startswith("name:") else line for line in text.splitlines()]
    hostile.write_text("\n".join(named))
    told = starter("scenario", "run", hostile)
    assert told.exit_code == 0
    assert "\x1b" not in told.stdout
    assert "\u202e" not in told.stdout
    hostile.write_text('"\\e[31m": 1\n' + text)
    faults = starter("scenario", "run", hostile)
    assert faults.exit_code == 2
    assert "\x1b" not in faults.stderr


def test_a_refused_command_is_data(starter: Starter) -> None:
    result = starter("scenario", "run", "--json", ROOT / "scenarios" / "lives" / "never-activated.yaml")
    assert result.exit_code == 0
    assert [answer["outcome"] for answer in json.loads(result.stdout)[0]["answers"]] == ["refused"]


def test_a_live_run_ignores_the_users_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its worker would wait for a version that nobody makes current."""
    monkeypatch.setenv("PERENNIAL_DEPLOYMENT", "theirs")
    assert fresh_settings(tmp_path).deployment is None
