"""`balance` and `statement`: what the double entry says, for a customer and for an accountant."""

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from activities.accounts.balances import Entry
from cli.account.statement import about
from tests.support.command_line import Ask, Billed
from tests.support.instants import START

pytestmark = pytest.mark.live


@pytest.fixture
def busy(ask: Ask, billed: Billed) -> Billed:
    """Charged twice, credited, paid too much; a row of February's is on no invoice yet."""
    ask.json(f"quantity {billed.subscription} 2 --yes")
    ask.json(f"invoice pay {billed.invoice} --amount 41 --payment-id p-{billed.customer}")
    ask.json(f"clock advance {billed.customer} --to 2027-03-05T00:00:00Z")
    ask.json(f"add-on {billed.subscription} backup 2 --yes")
    return billed


def the_one(ask: Ask, line: str) -> dict[str, str]:
    (found,) = ask.json(line)
    balance: dict[str, str] = found
    return balance


def test_a_balance_before_and_after_the_invoice(ask: Ask, customer: str) -> None:
    ask.json(
        f"buy contoso-crm --customer {customer} --quantity 3 --id bal-{customer} --test-clock 2027-01-15T09:00:00Z"
    )
    before = the_one(ask, f"balance {customer}")
    assert (before["owed"], before["uninvoiced_charges"], before["balance"]) == ("0.00", "30.00", "30.00")
    heading, line = ask.said(f"balance {customer}").splitlines()
    assert heading.split("  ")[-1] == "BALANCE"
    assert line.split() == ["USD", "0.00", "30.00", "0.00", "0.00", "30.00"]
    ask.json(f"clock advance {customer} --to 2027-02-01T00:00:00Z")
    after = the_one(ask, f"balance {customer}")
    assert (after["owed"], after["uninvoiced_charges"], after["balance"]) == ("30.00", "0.00", "30.00")


def test_a_balance_is_its_invoices_and_what_none_has_yet(busy: Billed) -> None:
    """Invariant 14."""
    found = the_one(busy.ask, f"balance {busy.customer}")
    invoices = busy.ask.json(f"invoice list --customer {busy.customer}")
    assert Decimal(found["owed"]) == sum(Decimal(one["owed"]) for one in invoices)
    waiting = Decimal(found["uninvoiced_charges"]) - Decimal(found["uninvoiced_credits"])
    totals = sum(Decimal(one["total"]) for one in invoices)
    rows = busy.ask.json(f"ledger {busy.subscription}")
    ledger = sum(Decimal(row["amount"]) * (1 if row["kind"] == "charge" else -1) for row in rows)
    assert totals + waiting == Decimal(found["revenue"]) == ledger
    assert waiting > 0
    assert found["payments"] == "41.00"
    assert Decimal(found["balance"]) == ledger - Decimal("41.00")


def test_a_statement_ends_at_the_balance(busy: Billed) -> None:
    lines = busy.ask.said(f"statement {busy.customer}").splitlines()
    assert lines[0].split() == ["WHEN", "(UTC)", "KIND", "WHAT", "AMOUNT", "BALANCE"]
    amounts = [tuple(map(Decimal, line.split()[-2:])) for line in lines[1:]]
    running = Decimal(0)
    for moved, after in amounts:
        running += moved
        assert after == running
    assert running == Decimal(the_one(busy.ask, f"balance {busy.customer}")["balance"])
    kinds = {" ".join(line[21:].split("  ")[0].split()) for line in lines[1:]}
    assert kinds == {"charge", "credit", "credit applied", "payment"}
    assert any(f"p-{busy.customer}" in line and "-41.00" in line for line in lines)


def test_every_entry_balances(busy: Billed) -> None:
    entries = busy.ask.json(f"statement {busy.customer}")
    for entry in entries:
        assert sum(Decimal(side["amount"]) for side in entry["postings"]) == 0
        assert len(entry["postings"]) >= 2
    ids = [entry["entry"] for entry in entries]
    assert len(ids) == len(set(ids))
    assert f"payment:{busy.customer}:p-{busy.customer}" in ids
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)


def test_the_statement_as_a_table_is_the_document(busy: Billed) -> None:
    table = list(csv.DictReader(StringIO(busy.ask.said(f"statement {busy.customer} --csv"))))
    sides = [
        {name: entry[name] for name in ("at", "entry", "kind", "currency")} | side
        for entry in busy.ask.json(f"statement {busy.customer}")
        for side in entry["postings"]
    ]
    assert table == sides
    assert list(table[0]) == ["at", "entry", "kind", "account", "amount", "currency"]
    sums: dict[str, Decimal] = {}
    for side in table:
        sums[side["account"]] = sums.get(side["account"], Decimal(0)) + Decimal(side["amount"])
    found = the_one(busy.ask, f"balance {busy.customer}")
    assert sums == {
        "receivable": Decimal(found["owed"]) + Decimal(found["uninvoiced_charges"]),
        "revenue": -Decimal(found["revenue"]),
        "credit": -Decimal(found["credit"]),
        "payment": Decimal(found["payments"]),
    }


def test_each_currency_runs_by_itself(ask: Ask, customer: str) -> None:
    """MON-1."""
    clock = "--test-clock 2027-01-15T09:00:00Z"
    ask.json(f"buy contoso-crm --customer {customer} --id usd-{customer} {clock}")
    ask.json(f"buy fabrikam-mail --customer {customer} --id eur-{customer} {clock}")
    ask.json(f"clock advance {customer} --to 2027-03-01T00:00:00Z")
    assert [(one["currency"], one["balance"]) for one in ask.json(f"balance {customer}")] == [
        ("EUR", "7.35"),
        ("USD", "20.00"),
    ]
    lines = [line.split()[-3:] for line in ask.said(f"statement {customer}").splitlines()[1:]]
    assert lines == [["USD", "10.00", "10.00"], ["EUR", "7.35", "7.35"], ["USD", "10.00", "20.00"]]
    documents = ask.json(f"invoice list --customer {customer}")
    assert [(one["currency"], one["period"]["end"][:7]) for one in documents] == [
        ("USD", "2027-02"),
        ("EUR", "2027-03"),
        ("USD", "2027-03"),
    ]
    assert "is invoiced in USD, EUR, the payment is in JPY" in ask.said(f"account pay {customer} 5 JPY", code=1)
    assert "is in EUR, the payment in USD" in ask.said(
        f"invoice pay {documents[1]['invoice']} --currency USD --amount 7.35", code=1
    )


@pytest.mark.parametrize("command", ["balance", "statement"])
def test_who_has_bought_nothing(ask: Ask, customer: str, command: str) -> None:
    for unknown in (customer, "nobody"):
        words = ask.said(f"{command} {unknown}", code=1)
        assert words == (
            f"There is no subscription of customer {unknown}. List the customers: python starter.py customer list\n"
        )
    assert "takes 1 to 64" in ask.said(f"{command} a.b", code=2)
    assert "Missing argument 'CUSTOMER'" in ask.said(command, code=2)


def test_one_format_at_a_time(ask: Ask, billed: Billed) -> None:
    words = ask.said(f"statement {billed.customer} --json --csv", code=2)
    assert words == "--json and --csv are output formats: choose one.\n"


@pytest.mark.parametrize(
    ("key", "kind", "words"),
    [
        ("row:s-1:term-1/period-1/charge/crm", "charge", "s-1  term-1/period-1/charge/crm"),
        ("applied:resale-one-000001", "credit_applied", "resale-one-000001"),
        ("payment:fabrikam:p-1", "payment", "p-1"),
    ],
)
def test_what_an_entry_is_about(key: str, kind: str, words: str) -> None:
    entry: dict[str, Any] = {"id": key, "at": START, "kind": kind, "currency": "USD", "postings": ()}
    assert about(Entry(**entry)) == words
