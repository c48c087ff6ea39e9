"""`check` finds corrections of money that exceed what they correct (MON-10)."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from domain.account.events import AccountEvent, AccountEventName
from statemachines.audit.corrections import corrections_keep_their_bounds
from statemachines.audit.recorded_account import RecordedAccount
from tests.support.simulated.customer import ACustomer, numbered

MONEY = {"currency": "USD", "reason": "a reason"}
NOT_RECEIVED = "reverses p-1, which was not received"
Changed = Callable[[list[AccountEvent]], list[AccountEvent]]


def recorded() -> RecordedAccount:
    """Of a customer to whom each correction happened."""
    customer = ACustomer().until("2026-02-01")
    customer.pay("2026-02-02", "45.00")
    customer.request("2026-02-03", "credit_note", credit_id="c-1", invoice=numbered(1), amount="10.00", **MONEY)
    customer.request("2026-02-04", "refund", refund_id="r-1", amount="10.00", **MONEY)
    customer.request("2026-02-05", "refund_paid", refund_id="r-1")
    customer.request("2026-02-06", "reverse_payment", payment_id="p-1", reason="charge-back")
    return RecordedAccount(
        customer_id="fabrikam",
        rows=(),
        invoices=tuple(customer.documents),
        standings={},
        events=tuple(customer.journal),
        payments={},
        entries=(),
    )


def changing(name: AccountEventName, **changes: object) -> Changed:
    """The journal with other facts in the event of that name."""
    return lambda events: [each.model_copy(update=changes) if each.event is name else each for each in events]


def without(name: AccountEventName) -> Changed:
    """The journal without the event of that name."""
    return lambda events: [each for each in events if each.event is not name]


def twice(name: AccountEventName) -> Changed:
    """The journal with that event twice."""
    return lambda events: [again for each in events for again in [each] * (1 + (each.event is name))]


def found(account: RecordedAccount) -> list[str]:
    return [words for words, _ in corrections_keep_their_bounds(account)]


def test_what_was_decided_is_sound() -> None:
    account = recorded()
    names = {event.event for event in account.events}
    assert {
        AccountEventName.CREDIT_NOTE_ISSUED,
        AccountEventName.REFUND_PAID,
        AccountEventName.PAYMENT_REVERSED,
    } <= names
    assert found(account) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (changing(AccountEventName.CREDIT_NOTE_ISSUED, amount=Decimal("30.01")), "more than its total"),
        (changing(AccountEventName.CREDIT_NOTE_ISSUED, invoice=numbered(9)), "more than its total"),
        (changing(AccountEventName.REFUND_RESERVED, amount=Decimal("25.01")), "the credit is USD -0.01"),
        (changing(AccountEventName.REFUND_PAID, amount=Decimal("9.99")), "pays out r-1, which is not reserved"),
        (without(AccountEventName.REFUND_RESERVED), "pays out r-1, which is not reserved"),
        (twice(AccountEventName.REFUND_PAID), "pays out r-1, which is not reserved"),
        (changing(AccountEventName.PAYMENT_REVERSED, amount=Decimal("44.99")), NOT_RECEIVED),
        (
            changing(AccountEventName.PAYMENT_REVERSED, credited=Decimal("14.99")),
            NOT_RECEIVED,
        ),
        (changing(AccountEventName.PAYMENT_REVERSED, allocations=()), NOT_RECEIVED),
        (without(AccountEventName.PAYMENT_RECEIVED), NOT_RECEIVED),
        (twice(AccountEventName.PAYMENT_REVERSED), NOT_RECEIVED),
    ],
)
def test_what_exceeds_is_found(changed: Changed, words: str) -> None:
    account = recorded()
    other = account.model_copy(update={"events": tuple(changed(list(account.events)))})
    assert any(words in each for each in found(other)), found(other)
