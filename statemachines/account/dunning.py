"""What happens to an account by itself: the month's close, and what follows an unpaid invoice (MON-5, MON-6)."""

from datetime import datetime

from domain.account.account import Receivable
from domain.account.events import AccountEventName, Close, CloseReceipt, PlaceHolds
from domain.account.invoice import InvoiceHead, InvoiceState
from domain.account.terms import month_end
from domain.calendar import Period
from domain.roles import Party
from domain.rules import Rule
from domain.subscription.commands import Reactivate, Suspend
from domain.subscription.holds import Reason
from statemachines.account.draft import AccountDraft
from statemachines.account.machine import InvoicePlace, Invoices


def end_month(draft: AccountDraft) -> None:
    """MON-5: the month's invoices are to be written, and the next month runs. The books know its lines."""
    account = draft.account
    ended = account.month
    draft.update(closing=ended, month=Period(start=ended.end, end=month_end(ended.end)))
    draft.then(Close(period=ended, due_at=ended.end + account.terms.due_after, carried_in=dict(account.credit)))


def take_closed(draft: AccountDraft, receipt: CloseReceipt, invoices: Invoices) -> None:
    """MON-5: each invoice is due, or carries its credit over."""
    draft.update(closing=None)
    for head in receipt.invoices:
        chosen = invoices.send(InvoicePlace(nothing_due=not head.totals.due), "close")
        assert chosen is not None
        _issue(draft, head, chosen.target)


def _issue(draft: AccountDraft, head: InvoiceHead, state: InvoiceState) -> None:
    account = draft.account
    credit = {**account.credit, head.currency: head.totals.carried_out}
    known = account.currencies if head.currency in account.currencies else (*account.currencies, head.currency)
    draft.update(credit={currency: left for currency, left in credit.items() if left}, currencies=known)
    issued = state is InvoiceState.ISSUED
    draft.standing(
        Receivable(
            invoice=head.invoice,
            currency=head.currency,
            due=head.totals.due,
            paid=head.totals.due - head.totals.due,
            due_at=head.due_at,
            state=state,
        )
    )
    draft.emit(
        AccountEventName.INVOICE_ISSUED if issued else AccountEventName.INVOICE_CARRIED,
        Rule.MON_5,
        invoice=head.invoice,
        state=state,
        amount=head.totals.due,
        currency=head.currency,
    )


def fall_due(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-6: the due date has come, and it is not paid."""
    draft.standing(receivable)
    draft.emit(AccountEventName.INVOICE_OVERDUE, Rule.MON_6, **_of(receivable))


def remind(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-6: one reminder of the schedule."""
    number = receivable.reminders + 1
    draft.standing(receivable.model_copy(update={"reminders": number}))
    draft.emit(AccountEventName.REMINDED, Rule.MON_6, **_of(receivable), reminder=number)


def suspend(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-6, SUS-1: the customer's licensed subscriptions are suspended for nonpayment."""
    draft.standing(receivable.model_copy(update={"suspended": True}))
    draft.then(PlaceHolds(seq=draft.next_seq, at=draft.at, invoice=receivable.invoice))
    draft.emit(AccountEventName.SUSPENDED, Rule.MON_6, **_of(receivable))


def _of(receivable: Receivable) -> dict[str, object]:
    return {
        "invoice": receivable.invoice,
        "state": receivable.state,
        "amount": receivable.owed,
        "currency": receivable.currency,
    }


ACTOR = "billing-account"
"""Who places and lifts the holds for nonpayment, as journals name it."""


def hold_command(seq: int, at: datetime | None) -> Suspend:
    """What an account asks of each licensed subscription where an invoice stays unpaid (MON-6, SUS-1)."""
    return Suspend(by=Party.SYSTEM, actor=ACTOR, command_id=f"nonpayment-{seq}", at=at, reason=Reason.NONPAYMENT)


def lift_command(seq: int, at: datetime | None) -> Reactivate:
    """What it asks of each that it held, once it is paid: that hold alone is lifted (SUS-9)."""
    return Reactivate(by=Party.SYSTEM, actor=ACTOR, command_id=f"paid-{seq}", at=at, reason=Reason.NONPAYMENT)
