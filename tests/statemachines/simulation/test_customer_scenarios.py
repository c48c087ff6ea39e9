"""Customers with several subscriptions, document for document: every scenario in scenarios/customers."""

from pathlib import Path

import pytest

from domain.rules import Rule
from tests.support.paths import ROOT
from tests.support.simulated.documents import comparable, expected, lived

CUSTOMERS = sorted((ROOT / "scenarios" / "customers").glob("*.yaml"))


def test_there_are_customers() -> None:
    assert len(CUSTOMERS) >= 8


@pytest.mark.parametrize("path", CUSTOMERS, ids=lambda path: path.stem)
def test_customer(path: Path) -> None:
    document, wanted = lived(path), expected(path)
    assert comparable(document, wanted) == comparable(wanted, wanted)
    assert len(wanted["subscriptions"]) > 1


@pytest.mark.parametrize("path", CUSTOMERS, ids=lambda path: path.stem)
def test_every_answer_says_something_and_every_rule_is_known(path: Path) -> None:
    document = lived(path)
    assert all(answer["message"].endswith(".") for answer in document["answers"])
    assert {answer["rule"] for answer in document["answers"]} <= set(Rule)
    assert path.read_text("utf-8").startswith("# ")


@pytest.mark.parametrize("path", CUSTOMERS, ids=lambda path: path.stem)
def test_invariant_14_the_invoices_are_the_ledgers_of_all(path: Path) -> None:
    """Every row is a line of one invoice, or waits for the next."""
    wanted = expected(path)
    printed = [line for invoice in wanted["invoices"] for line in invoice["lines"]]
    lines = [{name: field for name, field in line.items() if name != "taxes"} for line in printed]
    rows = [{**row, "of": name} for name, each in wanted["subscriptions"].items() for row in each["ledger"]]
    assert sorted(map(str, (sorted(line.items(), key=str) for line in lines))) == sorted(
        map(str, (sorted(row.items(), key=str) for row in rows))
    )
