"""The account's books in memory: each month and each decision is written once (MON-2, MON-5)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain.account.events import AccountEvent, AccountEventName, AccountRecord, Close
from domain.calendar import Period
from domain.rules import Rule
from statemachines.preview.book import Book, KeyConflict
from statemachines.preview.simulator import Simulator
from statemachines.simulation.account_book import AccountBook
from tests.support.instants import instant
from tests.support.simulated.life import an_order

MONTH = Period(start=instant("2026-01-15T09:00:00Z"), end=instant("2026-02-01"))
CLOSE = Close(period=MONTH, due_at=instant("2026-04-02"), carried_in={})


def a_record(seq: int = 1, details: str | None = None) -> AccountRecord:
    """One decision of one event."""
    event = AccountEvent(
        seq=seq,
        at=MONTH.end,
        event=AccountEventName.TERMS_CHANGED,
        rule=Rule.MON_6,
        by="admin_agent",
        details=details,
    )
    return AccountRecord(events=(event,))


def a_book() -> tuple[AccountBook, Book]:
    """Books with one charge of January the 15th."""
    charged = Simulator(an_order()).book
    return AccountBook("fabrikam", {"s-1": charged}), charged


def test_mon_2_a_decision_is_written_once_however_often_it_is_told() -> None:
    book, _ = a_book()
    record = a_record()
    for again in (record, record, record.model_copy(deep=True)):
        book.record(again)
    assert book.events == list(record.events)


def test_mon_2_a_decision_with_other_content_is_an_error() -> None:
    book, _ = a_book()
    book.record(a_record())
    with pytest.raises(KeyConflict, match="account event 1"):
        book.record(a_record(details="other"))
    assert book.events == list(a_record().events)


def test_mon_5_a_month_is_closed_once_however_often_it_is_told() -> None:
    book, charged = a_book()
    receipt = book.close(CLOSE)
    assert [head.invoice for head in receipt.invoices] == ["fabrikam-000001"]
    charged.rows.append(charged.rows[0].model_copy(update={"key": "late"}))
    assert book.close(CLOSE.model_copy(deep=True)) == receipt
    assert len(book.invoices) == 1
    assert [line.row.key for line in book.uninvoiced()] == ["late"]


def test_mon_2_a_month_with_other_content_is_an_error() -> None:
    book, _ = a_book()
    book.close(CLOSE)
    for other in ({"carried_in": {"USD": Decimal(1)}}, {"due_at": CLOSE.due_at + timedelta(days=1)}):
        with pytest.raises(KeyConflict, match="the month until"):
            book.close(CLOSE.model_copy(update=other))
    assert len(book.invoices) == 1


def test_mon_5_numbers_are_of_the_partners_series() -> None:
    charged = Simulator(an_order()).book
    book = AccountBook("fabrikam", {"s-1": charged}, series="contoso")
    assert [head.invoice for head in book.close(CLOSE).invoices] == ["contoso-000001"]
