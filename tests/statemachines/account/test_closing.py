"""MON-5: what is asked of an account when its month has ended is told to wait, whatever else is due before."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.account.events import CloseReceipt
from domain.account.invoice import InvoiceHead, Totals
from domain.account.requests import ReceivePayment
from domain.account.terms import terms_of
from domain.calendar import Period
from domain.policy import DEFAULT_PACK
from domain.values import format_instant
from statemachines.account.life import AccountLife, AccountSteps, Closing
from statemachines.account.timeline import AccountWhat, next_account_milestone

LIVING = AccountSteps()
OPENED = datetime(2028, 1, 15, tzinfo=UTC)
JANUARY = Period(start=OPENED, end=datetime(2028, 2, 1, tzinfo=UTC))
DUE = datetime(2028, 4, 1, tzinfo=UTC)
"""60 days after January, in a leap year: the instant at which March ends."""


def settled(life: AccountLife, receipt: CloseReceipt | None = None) -> AccountLife:
    """The life with every effect performed."""
    while life.effects:
        if life.account.closing:
            life = LIVING.closed(life, receipt or CloseReceipt(period=life.account.closing))
        else:
            life = life.first_effect_done()
    return life


@pytest.fixture
def unpaid() -> AccountLife:
    """An account in March, with January's invoice of USD 30.00 unpaid."""
    life = LIVING.begin("fabrikam", terms_of(DEFAULT_PACK), OPENED)
    thirty = {"charges": "30.00", "credits": "0.00", "carried_in": "0.00", "due": "30.00"}
    thirty |= {"settles": "0.00", "carried_out": "0.00"}
    head = InvoiceHead(
        invoice="fabrikam-000001",
        series="fabrikam",
        number=1,
        customer_id="fabrikam",
        currency="USD",
        period=JANUARY,
        issued_at=JANUARY.end,
        due_at=DUE,
        totals=Totals.model_validate(thirty),
    )
    receipt: CloseReceipt | None = CloseReceipt(period=JANUARY, invoices=(head,))
    while next_account_milestone(life.account).at < DUE:
        step = LIVING.step(life, DUE)
        assert step is not None
        life = settled(step, receipt)
        receipt = None
    return life


@pytest.mark.parametrize("late", [timedelta(0), timedelta(days=3)])
def test_an_invoice_that_falls_due_first_does_not_hide_the_months_end(unpaid: AccountLife, late: timedelta) -> None:
    """LIF-4: both at one instant, or both while no worker ran. Otherwise the handler would raise, and wedge."""
    assert next_account_milestone(unpaid.account).what is AccountWhat.OVERDUE
    request = ReceivePayment.model_validate(
        {"by": "service", "payment_id": "p-1", "currency": "USD", "amount": "30.00"}
    )
    with pytest.raises(Closing):
        LIVING.check(unpaid, request, DUE + late, test_clock=False)
    dated = request.model_copy(update={"at": DUE})
    with pytest.raises(Closing):
        LIVING.check(unpaid, dated, DUE - timedelta(days=1), test_clock=True)
    assert format_instant(next_account_milestone(unpaid.account).at) == "2028-04-01T00:00:00Z"


@pytest.mark.parametrize("before", [timedelta(microseconds=1), timedelta(days=20)])
def test_what_passes_the_check_can_be_decided(unpaid: AccountLife, before: timedelta) -> None:
    request = ReceivePayment.model_validate(
        {"by": "service", "payment_id": "p-1", "currency": "USD", "amount": "30.00"}
    )
    LIVING.check(unpaid, request, DUE - before, test_clock=False)
    life, answer = LIVING.accept(unpaid, request, DUE - before)
    assert (answer.outcome, life.account.receivables) == ("done", ())
