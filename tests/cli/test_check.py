"""`check` on the books of a running world, and on books that somebody has altered (section 12)."""

from pathlib import Path

import pytest

from activities.settings import Settings
from tests.support.command_line import Ask, Billed
from tests.support.raw_sql import altered


@pytest.fixture
def bought(ask: Ask, customer: str) -> str:
    """A subscription of its own, that changed its quantity."""
    subscription = f"checked-{customer}"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {subscription}")
    ask.json(f"quantity {subscription} 5 --yes")
    return subscription


LARGER = "UPDATE ledger_entry SET amount_minor = 900000 WHERE subscription_id = ? AND kind = 'credit'"
"""A credit that somebody made larger."""


def test_the_books_hold(ask: Ask, bought: str) -> None:
    text = ask.said(f"check {bought}")
    assert text.startswith("1 subscription, 2 events, 3 ledger rows\n")
    assert "\n3          holds  credits never exceed the charges of their line\n" in text
    assert "violation" not in text


def test_all_of_them_as_a_document(ask: Ask, bought: str) -> None:
    found = ask.json("check")
    assert found["subscriptions"] >= 1
    assert [one["invariant"] for one in found["invariants"]] == [
        *("1", "2", "3", "4", "5", "6", "8", "13", "14", "15", "MON-9", "REN-4", "USE-2", "16", "MON-5", "MON-2")
    ]
    assert not any(one["violations"] for one in found["invariants"])
    assert found["violations"] == []


def test_what_does_not_hold_is_shown_with_its_rows(
    ask: Ask, bought: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", altered(settings, tmp_path, bought, LARGER))
    result = ask.whole(f"check {bought}", code=1)
    assert "3          1 violation  credits never exceed the charges of their line" in result.stdout
    assert f"{bought}  invariant 3: seq-2/credit/contoso-crm credits USD " in result.stdout
    assert "-9,000.00  seq-2/credit/contoso-crm" in result.stdout
    assert f"{bought}  invariant MON-2: the decision that began with event 2 is not what was written" in result.stdout
    document = ask.json(f"check {bought}", code=1)
    assert [violation["invariant"] for violation in document["violations"]] == ["3", "MON-2"]
    assert document["violations"][0]["ledger"][1]["amount"] == "9000.00"
    assert document["violations"][1]["events"][0]["event"] == "quantity_changed"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE ledger_entry SET amount_minor = 2999 WHERE subscription_id = ?", "totals USD 30.00, its lines 29.99"),
        (
            "UPDATE posting SET amount_minor = 2999 WHERE position = 0"
            " AND entry_id = 'row:' || ? || ':term-1/period-1/charge/contoso-crm'",
            "does not balance",
        ),
        ("DELETE FROM invoice_line WHERE subscription_id = ?", "totals USD 30.00, its lines 0.00"),
    ],
)
def test_without_ids_accounts_are_checked_too(
    ask: Ask,
    billed: Billed,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    words: str,
) -> None:
    """Invariant 14, MON-5: with the customer and the rows; subscriptions alone say nothing of accounts."""
    assert ask.json("check")["invoices"] >= 1
    copy = altered(settings, tmp_path, billed.subscription, statement)
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", copy)
    found = ask.json("check", code=1)
    of_account = [violation for violation in found["violations"] if violation.get("customer_id")]
    assert {violation["customer_id"] for violation in of_account} == {billed.customer}
    assert {violation["invariant"] for violation in of_account} <= {"14", "MON-5"}
    assert any(words in violation["words"] for violation in of_account), of_account
    counted = {one["invariant"]: one["violations"] for one in found["invariants"]}
    assert counted["14"] + counted["MON-5"] == len(of_account)
    result = ask.whole("check", code=1)
    assert f"\n{billed.customer}  invariant " in result.stdout
    assert words in result.stdout
    assert "Traceback" not in result.stderr
    alone = ask.whole(f"check {billed.subscription}", code=int(statement.startswith("UPDATE ledger_entry")))
    assert billed.customer not in alone.stdout.replace(billed.subscription, "")


def test_a_gap_in_a_series_is_told_of_the_series(
    ask: Ask, billed: Billed, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MON-5."""
    gap = "UPDATE invoice SET number = number + 1000000 WHERE customer_id = substr(?, 5)"
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", altered(settings, tmp_path, billed.subscription, gap))
    found = ask.json("check", code=1)
    assert {violation["customer_id"] for violation in found["violations"]} == {billed.customer, "northwind"}
    assert "there are gaps" in ask.whole("check", code=1).stdout


def test_what_the_books_do_not_know(ask: Ask) -> None:
    assert (
        "There is no subscription nobody. List the subscriptions: python starter.py list"
        in ask.whole("check nobody", code=1).stderr
    )


@pytest.mark.parametrize("word", ["a'b", "../x", "x" * 10_000])
def test_what_is_no_id(ask: Ask, word: str) -> None:
    assert "letters, digits" in ask.whole(f"check {word}", code=2).stderr
