"""`check` on the books of a running world, and on books that somebody has altered (section 12)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from activities.settings import Settings
from tests.cli.conftest import Ask


@pytest.fixture
def bought(ask: Ask, customer: str) -> str:
    """A subscription of its own, that changed its quantity."""
    subscription = f"checked-{customer}"
    ask.json(f"buy contoso-crm --customer {customer} --quantity 3 --id {subscription}")
    ask.json(f"quantity {subscription} 5")
    return subscription


def altered(settings: Settings, tmp_path: Path, subscription: str) -> str:
    """A copy of the books with a credit that somebody made larger."""
    copy = tmp_path / "copy.db"
    file = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as books, closing(sqlite3.connect(copy, isolation_level=None)) as other:
        books.backup(other)
        for (trigger,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            other.execute(f"DROP TRIGGER {trigger}")
        larger = "UPDATE ledger_entry SET amount_minor = 900000 WHERE subscription_id = ? AND kind = 'credit'"
        assert other.execute(larger, (subscription,)).rowcount == 1
    return f"sqlite:///{copy}"


def test_the_books_hold(ask: Ask, bought: str) -> None:
    text = ask.said(f"check {bought}")
    assert text.startswith("1 subscription, 2 events, 3 ledger rows\n")
    assert "\n3          holds  credits never exceed the charges of their line\n" in text
    assert "violation" not in text


def test_all_of_them_as_a_document(ask: Ask, bought: str) -> None:
    found = ask.json("check")
    assert found["subscriptions"] >= 1
    assert [one["invariant"] for one in found["invariants"]] == [
        *("1", "2", "3", "4", "5", "6", "8", "14", "MON-5", "MON-2")
    ]
    assert not any(one["violations"] for one in found["invariants"])
    assert found["violations"] == []


def test_what_does_not_hold_is_shown_with_its_rows(
    ask: Ask, bought: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_DATABASE_URL", altered(settings, tmp_path, bought))
    result = ask.whole(f"check {bought}", code=1)
    assert "3          1 violation  credits never exceed the charges of their line" in result.stdout
    assert f"{bought}  invariant 3: seq-2/credit/contoso-crm credits USD " in result.stdout
    assert "-9,000.00  seq-2/credit/contoso-crm" in result.stdout
    assert f"{bought}  invariant MON-2: the decision that began with event 2 is not what was written" in result.stdout
    document = ask.json(f"check {bought}", code=1)
    assert [violation["invariant"] for violation in document["violations"]] == ["3", "MON-2"]
    assert document["violations"][0]["ledger"][1]["amount"] == "9000.00"
    assert document["violations"][1]["events"][0]["event"] == "quantity_changed"


def test_what_the_books_do_not_know(ask: Ask) -> None:
    assert "The books know no subscription nobody; see: starter.py list" in ask.whole("check nobody", code=1).stderr


@pytest.mark.parametrize("word", ["a'b", "../x", "x" * 10_000])
def test_what_is_no_id(ask: Ask, word: str) -> None:
    assert "letters, digits" in ask.whole(f"check {word}", code=2).stderr
