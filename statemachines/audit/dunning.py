"""Checks that nobody was reminded or held for what credit covers or the terms tolerate (invariant 15, MON-8)."""

from collections.abc import Iterator
from decimal import Decimal

from domain.account.events import AccountEvent, AccountEventName
from domain.account.invoice import InvoiceState
from domain.account.terms import BillingTerms
from statemachines.audit.credit import taken_off
from statemachines.audit.recorded_account import Found, RecordedAccount

CHASING = {AccountEventName.REMINDED, AccountEventName.SUSPENDED}
NOT_CHASING = {
    AccountEventName.REMINDER_SKIPPED,
    AccountEventName.SUSPENSION_POSTPONED,
    AccountEventName.HOLDS_LIFTED,
}


class Debts:
    """What the account's events say is owed on each invoice, and which ones are overdue."""

    def __init__(self, account: RecordedAccount, terms: BillingTerms) -> None:
        self._heads = {invoice.head.invoice: invoice.head for invoice in account.invoices}
        self._owed: dict[str, Decimal] = {name: head.totals.due for name, head in self._heads.items()}
        self._overdue: set[str] = set()
        self._terms = terms

    def take(self, event: AccountEvent) -> None:
        """Note what the event pays, settles and changes."""
        self._terms = event.terms or self._terms
        for invoice, amount in taken_off(event):
            self._owed[invoice] = self._owed.get(invoice, Decimal(0)) - amount
        if event.invoice and event.state is InvoiceState.OVERDUE:
            self._overdue.add(event.invoice)

    def chased(self, event: AccountEvent) -> bool:
        """Whether the event's invoice is to be chased, with the credit that was counted."""
        credit, left = event.credit or Decimal(0), {}
        for head in sorted(self._heads.values(), key=lambda head: (head.due_at, head.invoice)):
            if head.invoice in self._overdue and head.currency == event.currency:
                covered = min(credit, self._owed[head.invoice])
                left[head.invoice] = self._owed[head.invoice] - covered
                credit -= covered
        uncovered = left.get(event.invoice or "", Decimal(0))
        return uncovered > 0 and sum(left.values()) >= self._terms.tolerance


def dunning_follows_the_net(account: RecordedAccount) -> Iterator[Found]:
    """Reminders and holds are of invoices to be chased; what was skipped, postponed or lifted is not.

    By the credit that the account counted. After an operator settled a conflict it may know other debts (REP-1).
    """
    if account.terms is None:
        return
    debts = Debts(account, account.terms)
    for event in account.events:
        if event.settled:
            return
        debts.take(event)
        if event.event in CHASING and not debts.chased(event):
            yield f"account event {event.seq} is for {event.invoice}, which credit covers or the terms tolerate", ()
        if event.event in NOT_CHASING and debts.chased(event):
            yield f"account event {event.seq} is for {event.invoice}, which credit does not cover", ()
