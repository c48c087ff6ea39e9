"""`check` finds invoices that do not close, fall due or lead to anything by the terms that they closed by (MON-11)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.account.events import AccountEventName, CloseReceipt
from domain.account.terms import terms_of
from statemachines.audit.recorded_account import RecordedAccount
from statemachines.audit.terms import invoices_keep_their_terms
from tests.support.simulated.customer import ACustomer

OPENED = terms_of("csp-2019").model_copy(update={"invoice_day": 15})


def recorded() -> RecordedAccount:
    """Of a customer whose terms changed after the first invoice, and who pays nothing until June."""
    customer = ACustomer(OPENED, offer={"term": "P1M", "billing_plan": "monthly", "unit_price": "10.00"})
    customer.request("2026-02-20", "change_terms", due_days=10, reminder_days=[2], suspend_days=5, invoice_day=1)
    customer.until("2026-06-01")
    return RecordedAccount(
        customer_id="fabrikam",
        rows=(),
        invoices=tuple(customer.documents),
        standings={},
        events=tuple(customer.journal),
        payments={},
        entries=(),
        receipts=tuple(CloseReceipt(period=each.head.month, invoices=(each.head,)) for each in customer.documents),
        terms=OPENED,
    )


def found(account: RecordedAccount) -> list[str]:
    """What is found, in words."""
    return [words for words, _ in invoices_keep_their_terms(account)]


def test_what_went_by_its_terms_is_sound() -> None:
    account = recorded()
    names = {event.event for event in account.events}
    assert {AccountEventName.REMINDED, AccountEventName.SUSPENDED, AccountEventName.TERMS_CHANGED} <= names
    assert found(account) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"invoice_day": 16}, "does not end on its invoice day"),
        ({"due_after": timedelta(days=61)}, "-000001 is not due 61 days after it was issued"),
        ({"reminders": (timedelta(days=2),)}, "comes before its date for fabrikam-000001"),
        ({"reminders": ()}, "comes before its date for fabrikam-000001"),
        ({"suspends_after": timedelta(days=31)}, "comes before its date for fabrikam-000001"),
        ({"suspends_after": None}, "comes before its date for fabrikam-000001"),
    ],
)
def test_with_other_terms_each_date_is_found(changed: dict[str, Any], words: str) -> None:
    account = recorded()
    other = account.model_copy(update={"terms": OPENED.model_copy(update=changed)})
    assert any(words in each for each in found(other))


def test_where_terms_are_unknown_nothing_is_compared() -> None:
    account = recorded()
    wrong = OPENED.model_copy(update={"invoice_day": 2})
    assert found(account.model_copy(update={"terms": wrong}))
    assert found(account.model_copy(update={"terms": None})) == []
