"""Checks of a customer's credit: what invoices carry on, what it settles, and that it stands beside no debt (MON-5)."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import zip_longest

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import InvoiceId
from domain.conflict import Choice
from statemachines.audit.recorded_account import Found, RecordedAccount


def credit_is_carried_over(account: RecordedAccount) -> Iterator[Found]:
    """Each invoice applies the credit that the previous one left, plus what was overpaid since.

    After a record was set aside the account's credit is its own, until the next invoice tells of it (REP-1).
    """
    heads = {invoice.head.invoice: invoice.head for invoice in account.invoices}
    credit: dict[str, Decimal] = defaultdict(Decimal)
    unknown: set[str] = set()
    for event in account.events:
        if event.settled and event.settled.choice is Choice.SET_ASIDE:
            unknown = {head.currency for head in heads.values()}
        credit[event.currency or ""] += event.makes_credit
        if not event.event.issues:
            continue
        head = heads.get(event.invoice or "")
        if head is None:
            yield f"event {event.seq} issues {event.invoice}, which does not exist", ()
            continue
        told = head.invoice in account.settled or head.currency in unknown
        unknown.discard(head.currency)
        if head.totals.carried_in != credit[head.currency] and not told:
            known = f"{head.currency} {credit[head.currency]:f}"
            yield f"{head.invoice} applies a credit of {head.totals.carried_in:f}; the credit was {known}", ()
        credit[head.currency] = head.totals.carried_out


def settlements_match_the_journal(account: RecordedAccount) -> Iterator[Found]:
    """What an invoice's credit settles is an event of the account each, and nothing else is."""
    issued = {event.invoice for event in account.events if event.event.issues} - account.settled
    wanted = {
        (invoice.head.invoice, each.invoice): each.amount
        for invoice in account.invoices
        if invoice.head.invoice in issued
        for each in invoice.head.settles
    }
    told = {
        (event.credit_of or "", event.invoice or ""): event.amount
        for event in account.events
        if event.event is AccountEventName.INVOICE_SETTLED and event.credit_of not in {None, *account.settled}
    }
    for pair in sorted({*wanted, *told}):
        if wanted.get(pair) != told.get(pair):
            yield f"what {pair[0]} settles of {pair[1]} differs from the account's journal", ()


def no_credit_beside_debt(account: RecordedAccount) -> Iterator[Found]:
    """No credit stands beside something due in its currency, after any decision.

    After an operator settled a conflict that is not known until the next invoice of the currency (REP-1).
    """
    heads = {invoice.head.invoice: invoice.head for invoice in account.invoices}
    credit: dict[str, Decimal] = defaultdict(Decimal)
    owed: dict[str, dict[str, Decimal]] = defaultdict(dict)
    skipped: set[str] = set()
    for event, after in zip_longest(account.events, account.events[1:]):
        if event.settled:
            skipped |= {head.currency for head in heads.values()}
        head = heads.get(event.invoice or "")
        if event.event.issues and head:
            skipped.discard(head.currency)
            credit[head.currency] = head.totals.carried_out
            owed[head.currency][head.invoice] = head.totals.due
        _move(event, credit, owed)
        if after and after.event is AccountEventName.INVOICE_SETTLED:
            continue
        for currency in sorted(credit):
            due = sum(owed[currency].values(), Decimal(0))
            if credit[currency] > 0 and due > 0 and currency not in skipped:
                skipped.add(currency)
                words = f"a credit of {currency} {credit[currency]:f} stands beside {due:f} that is due"
                yield f"after account event {event.seq} {words}", ()


def _move(event: AccountEvent, credit: dict[str, Decimal], owed: dict[str, dict[str, Decimal]]) -> None:
    """Take what the event pays or settles off what is owed, and add what it makes credit."""
    currency = event.currency or ""
    credit[currency] += event.makes_credit
    for invoice, amount in taken_off(event):
        owed[currency][invoice] = owed[currency].get(invoice, Decimal(0)) - amount


def taken_off(event: AccountEvent) -> Iterator[tuple[InvoiceId, Decimal]]:
    """What the event takes off what is owed on each invoice; less than nothing where it is owed again (MON-10)."""
    again = event.event is AccountEventName.PAYMENT_REVERSED
    for part in event.allocations:
        yield part.invoice, -part.amount if again else part.amount
    if event.invoice and event.event in {AccountEventName.INVOICE_SETTLED, AccountEventName.WRITTEN_OFF}:
        yield event.invoice, event.amount or Decimal(0)
