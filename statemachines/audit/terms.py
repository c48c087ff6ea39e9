"""Checks that each invoice closes, falls due and is chased by the terms that held when it closed (MON-11)."""

from collections.abc import Iterator
from datetime import datetime

from domain.account.events import AccountEvent, AccountEventName, terms_after
from domain.account.terms import BillingTerms
from domain.values import format_instant
from statemachines.audit.recorded_account import Found, RecordedAccount


def invoices_keep_their_terms(account: RecordedAccount) -> Iterator[Found]:
    """After an operator settled a conflict the account may know other terms than the books (REP-1)."""
    opened = account.terms
    if opened is None or any(event.settled for event in account.events):
        return
    yield from _periods_end_on_invoice_days(account, opened)
    yield from _what_follows_keeps_its_dates(account, opened)


def _periods_end_on_invoice_days(account: RecordedAccount, opened: BillingTerms) -> Iterator[Found]:
    for period in (receipt.period for receipt in account.receipts):
        terms = terms_after(opened, (event for event in account.events if event.at < period.start))
        if period.end != terms.closes_after(period.start):
            yield f"the period that ends at {format_instant(period.end)} does not end on its invoice day", ()


def _what_follows_keeps_its_dates(account: RecordedAccount, opened: BillingTerms) -> Iterator[Found]:
    heads = {invoice.head.invoice: invoice.head for invoice in account.invoices}
    terms, of_invoice = opened, {}
    for event in account.events:
        terms = event.terms or terms
        head = heads.get(event.invoice or "")
        if head is None:
            continue
        if event.event.issues:
            of_invoice[head.invoice] = terms
            if head.taken_over is None and head.due_at != head.issued_at + terms.due_after:
                yield f"{head.invoice} is not due {terms.due_after.days} days after it was issued", ()
        elif head.invoice in of_invoice and _comes_early(event, of_invoice[head.invoice], head.due_at):
            yield f"account event {event.seq} comes before its date for {head.invoice}", ()


def _comes_early(event: AccountEvent, terms: BillingTerms, due_at: datetime) -> bool:
    """Whether a reminder or a hold comes before the date that the invoice's terms give it, or without one."""
    if event.event is AccountEventName.REMINDED:
        assert event.reminder
        return event.reminder > len(terms.reminders) or event.at < due_at + terms.reminders[event.reminder - 1]
    if event.event is AccountEventName.SUSPENDED:
        return terms.suspends_after is None or event.at < due_at + terms.suspends_after
    return False
