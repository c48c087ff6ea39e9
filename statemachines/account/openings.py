"""Opening balances: invoices of another system that are owed here from the day of the move on (MOV-6)."""

from collections.abc import Sequence

from domain.account.account import Account
from domain.account.events import AccountEventName
from domain.account.invoice import InvoiceState
from domain.account.openings import Opening, opening_of, traced
from domain.account.requests import MovedInvoice, TakeOverInvoices
from domain.rules import Rule
from domain.values import format_instant
from statemachines.account.draft import AccountDraft
from statemachines.account.dunning import receivable_of, with_credit_of
from statemachines.account.machine import InvoicePlace, Invoices

MOST_TAKEN_OVER = 300
"""Invoices per account."""


def take_over(draft: AccountDraft, request: TakeOverInvoices, invoices: Invoices) -> None:
    """MOV-6: owe what is owed on each invoice, once; credit that the account has pays the one due first."""
    account = draft.account
    if words := _refused(draft, request.invoices):
        draft.refuse(Rule.MOV_6, words)
        return
    new = [each for each in request.invoices if each.trace not in account.taken_over]
    if not new:
        draft.unchanged("These invoices are taken over already.")
        return
    for each in sorted(new, key=lambda each: (each.due_at, each.number)):
        _take(draft, each, invoices)
    number = "1 open invoice" if len(new) == 1 else f"{len(new)} open invoices"
    draft.message = f"{number} of another system taken over."


def _take(draft: AccountDraft, invoice: MovedInvoice, invoices: Invoices) -> None:
    account = draft.account
    head = opening_of(account.customer_id, invoice, account.credit_in(invoice.currency))
    chosen = invoices.send(InvoicePlace(nothing_due=not head.totals.due), "close")
    assert chosen is not None
    passed = sum(head.due_at + reminder <= draft.at for reminder in account.terms.reminders)
    held = invoice.held and chosen.target.unpaid
    opening = Opening(head=head, reminders=passed, held=held)
    draft.account = opened_with(account, opening, chosen.target)
    draft.emit(
        AccountEventName.INVOICE_TAKEN_OVER,
        Rule.MOV_6,
        invoice=head.invoice,
        state=chosen.target,
        amount=head.totals.due,
        currency=head.currency,
        opening=opening,
    )


def opened_with(account: Account, opening: Opening, state: InvoiceState) -> Account:
    """The account that owes the invoice. The reminders of the other system are not sent again."""
    passed = {"skipped": opening.reminders, "suspended": opening.held}
    owing = receivable_of(opening.head, state, account.terms).model_copy(update=passed)
    known = account.model_copy(update={"taken_over": (*account.taken_over, opening.invoice.trace)})
    return with_credit_of(known, opening.head).following(owing)


def _refused(draft: AccountDraft, wanted: Sequence[MovedInvoice]) -> str | None:
    known = {traced(each.number): each for each in wanted}
    if len(known) < len(wanted):
        return "The request names an invoice twice."
    taken, new = draft.account.taken_over, 0
    for begins, invoice in known.items():
        if invoice.issued_at > draft.at or invoice.due_at < invoice.issued_at:
            dates = f"issued at {format_instant(invoice.issued_at)} and due at {format_instant(invoice.due_at)}"
            return f"Invoice {invoice.number} is {dates}: it must have been issued by now, and be due after that."
        trace = next((each for each in taken if each.startswith(begins)), None)
        if trace is None:
            new += 1
        elif trace != invoice.trace:
            return f"Invoice {invoice.number} is taken over already, with another amount or other dates."
    if len(taken) + new > MOST_TAKEN_OVER:
        return f"An account takes over at most {MOST_TAKEN_OVER} open invoices; it has {len(taken)}."
    return None
