"""Accounts as data, document for document: every scenario in scenarios/accounts (MON-5, MON-6).

`message` is this product's own wording; an expectation with an empty `why` leaves that wording open too.
"""

import json
from pathlib import Path

import pytest

from domain.rules import Rule
from statemachines.simulation.scenario import SIMULATED
from tests.support.paths import ROOT
from tests.support.simulated.documents import comparable, expected, lived

ACCOUNTS = sorted((ROOT / "scenarios" / "accounts").glob("*.yaml"))


def test_there_are_at_least_twelve_accounts() -> None:
    assert len(ACCOUNTS) >= 12


@pytest.mark.parametrize("path", ACCOUNTS, ids=lambda path: path.stem)
def test_account(path: Path) -> None:
    document, wanted = lived(path), expected(path)
    assert comparable(document, wanted) == comparable(wanted, wanted)
    assert "invoices" in wanted


@pytest.mark.parametrize("path", ACCOUNTS, ids=lambda path: path.stem)
def test_every_answer_of_an_account_says_something_and_every_rule_is_known(path: Path) -> None:
    document = lived(path)
    assert all(answer["message"].endswith(".") for answer in document["answers"])
    assert {answer["rule"] for answer in document["answers"]} <= set(Rule)
    assert SIMULATED not in json.dumps(document["invoices"])
    assert path.read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("path", ACCOUNTS, ids=lambda path: path.stem)
def test_invariant_14_the_invoices_of_a_document_are_its_ledger(path: Path) -> None:
    """Line for line, each once, in one order."""
    wanted = expected(path)
    lines = [line for invoice in wanted["invoices"] for line in invoice["lines"]]
    assert [{name: field for name, field in line.items() if name != "taxes"} for line in lines] == wanted["ledger"]
