"""What an event leaves out when it is written lean comes back when it is read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from domain.calendar import Period
from domain.subscription.events import Event, EventName, Facts, LeanEvent, State
from domain.subscription.ledger import Kind, LedgerRow

AT = datetime(2026, 2, 1, tzinfo=UTC)
LEAN: TypeAdapter[Event] = TypeAdapter(LeanEvent)
USUAL = Facts(state=State.ACTIVE, auto_renew=True, quantity=3, add_ons={}, holds=(), unit_price=Decimal("10.00"))


def row(at: datetime) -> LedgerRow:
    period = Period(start=AT, end=AT + timedelta(days=28))
    return LedgerRow(
        at=at,
        kind=Kind.CHARGE,
        line="crm",
        quantity=Decimal(3),
        amount=Decimal("30.00"),
        currency="USD",
        period=period,
        key="term-2/period-1/charge/crm",
    )


def event(before: Facts, after: Facts, *rows: LedgerRow) -> Event:
    return Event(
        seq=2,
        at=AT,
        event=EventName.RENEWED,
        state=after.state,
        rule="REN-1",
        by="system",
        before=before,
        after=after,
        rows=rows,
    )


@pytest.mark.parametrize(
    "whole",
    [
        event(USUAL, USUAL, row(AT)),
        event(USUAL, USUAL, row(AT - timedelta(days=3)), row(AT)),
        event(USUAL.model_copy(update={"add_ons": {"backup": 1}}), USUAL),
        event(USUAL, USUAL.model_copy(update={"auto_renew": False, "add_ons": {"backup": 2}})),
        event(USUAL.model_copy(update={"scheduled_changes": {"crm": 5}}), USUAL, row(AT)),
        event(USUAL, USUAL.model_copy(update={"scheduled_changes": {"backup": 0}})),
        event(USUAL.model_copy(update={"state": State.TRIAL, "auto_renew": False}), USUAL, row(AT)),
    ],
)
def test_nothing_is_lost(whole: Event) -> None:
    written = LEAN.dump_json(whole)
    assert LEAN.validate_json(written) == whole
    assert len(written) < len(whole.model_dump_json()) * 0.7
