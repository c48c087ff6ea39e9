"""Month closes, and what follows an unpaid invoice: due, and reminders (MON-5, MON-6)."""

from domain.account.account import Account, Receivable
from domain.account.events import AccountEventName, Close, CloseReceipt
from domain.account.invoice import InvoiceHead, InvoiceState
from domain.account.terms import BillingTerms
from domain.calendar import Period
from domain.money import from_minor
from domain.rules import Rule
from statemachines.account import payments
from statemachines.account.draft import AccountDraft
from statemachines.account.machine import InvoicePlace, Invoices


def end_month(draft: AccountDraft) -> None:
    """MON-5: begin the next month, and have the books write the invoices of the ended one."""
    account = draft.account
    ended = account.month
    terms = account.terms
    draft.update(closing=ended, month=Period(start=ended.end, end=terms.closes_after(ended.end)))
    due_at = ended.end + terms.due_after
    draft.then(Close(period=ended, due_at=due_at, carried_in=dict(account.credit), unpaid=account.unpaid))


def take_closed(draft: AccountDraft, receipt: CloseReceipt, invoices: Invoices) -> None:
    """MON-5: take the invoices of the closed month; credit that one has left settles earlier ones."""
    draft.update(closing=None)
    for head in receipt.invoices:
        chosen = invoices.send(InvoicePlace(nothing_due=not head.totals.due), "close")
        assert chosen is not None
        _issue(draft, head, chosen.target)
        for settlement in head.settles:
            payments.settle(draft, head, settlement, invoices)


def _issue(draft: AccountDraft, head: InvoiceHead, state: InvoiceState) -> None:
    draft.account = with_credit_of(draft.account, head)
    issued = state is InvoiceState.ISSUED
    name = AccountEventName.INVOICE_ISSUED if issued else AccountEventName.INVOICE_CARRIED
    draft.tell(name, Rule.MON_5, receivable_of(head, state, draft.account.terms))


def with_credit_of(account: Account, head: InvoiceHead) -> Account:
    """The account with what the invoice has left of its credit, and the invoice's currency."""
    credit = {**account.credit, head.currency: head.totals.carried_out}
    known = account.currencies if head.currency in account.currencies else (*account.currencies, head.currency)
    left = {currency: amount for currency, amount in credit.items() if amount}
    return account.model_copy(update={"credit": left, "currencies": known})


def receivable_of(head: InvoiceHead, state: InvoiceState, terms: BillingTerms) -> Receivable:
    """The invoice as it is followed once it is closed, by the terms that the account has then (MON-11)."""
    return Receivable(
        invoice=head.invoice,
        currency=head.currency,
        due=head.totals.due,
        paid=from_minor(0, head.currency),
        settled=from_minor(0, head.currency),
        due_at=head.due_at,
        terms=terms.dunning,
        state=state,
    )


def fall_due(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-6: the due date has passed without full payment."""
    draft.tell(AccountEventName.INVOICE_OVERDUE, Rule.MON_6, receivable)


def remind(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-6: record the next reminder of the schedule."""
    number = receivable.reminders + receivable.skipped + 1
    reminded = receivable.model_copy(update={"reminders": receivable.reminders + 1})
    draft.chase(AccountEventName.REMINDED, Rule.MON_6, reminded, reminder=number)


def skip_reminder(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-8: the date of the next reminder passes while the invoice is not chased; it is never sent later."""
    number = receivable.reminders + receivable.skipped + 1
    skipped = receivable.model_copy(update={"skipped": receivable.skipped + 1})
    draft.chase(AccountEventName.REMINDER_SKIPPED, Rule.MON_8, skipped, reminder=number)
