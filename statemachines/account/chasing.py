"""Which overdue invoices are chased: dunning follows what is really owed, per customer and currency (MON-8)."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from domain.account.account import Account, Receivable
from domain.account.invoice import InvoiceId, InvoiceState
from domain.money import Money, from_minor


def overdue(account: Account) -> tuple[Receivable, ...]:
    """The overdue invoices, the earliest due first."""
    return tuple(each for each in account.receivables if each.state is InvoiceState.OVERDUE)


def counted_credit(account: Account, currency: str) -> Decimal:
    """The credit that counts against overdue invoices: what is carried, and what was seen of uninvoiced rows."""
    uninvoiced = account.seen.credit.get(currency, Decimal(0)) if account.seen else Decimal(0)
    return account.credit_in(currency) + uninvoiced


def uncovered(account: Account, currency: str) -> dict[InvoiceId, Decimal]:
    """What credit does not cover of each overdue invoice in that currency; it covers the first due first."""
    credit, found = counted_credit(account, currency), {}
    for each in overdue(account):
        if each.currency == currency:
            found[each.invoice] = max(each.owed - credit, from_minor(0, currency))
            credit = max(credit - each.owed, from_minor(0, currency))
    return found


def chased(account: Account, receivable: Receivable) -> bool:
    """Whether the overdue invoice is chased: credit does not cover it, and the uncovered sum is not tolerated."""
    left = uncovered(account, receivable.currency)
    return left.get(receivable.invoice, Decimal(0)) > 0 and sum(left.values()) >= account.terms.tolerance


def chased_by(account: Account, receivable: Receivable, at: datetime) -> bool:
    """Whether the invoice is chased at a coming instant, if nothing is paid or credited until then.

    What falls due by then counts: with it the uncovered sum may reach the tolerance.
    """
    then = tuple(
        each.model_copy(update={"state": InvoiceState.OVERDUE}) if each.due_at <= at else each
        for each in account.receivables
    )
    return chased(account.model_copy(update={"receivables": then}), receivable)


def why_not_chased(account: Account) -> Iterator[str]:
    """In words, each overdue invoice for which no reminder and no suspension comes, as far as the account knows."""
    for each in overdue(account):
        if chased(account, each):
            continue
        left = uncovered(account, each.currency)[each.invoice]
        if left:
            owed, tolerance = Money(amount=left, currency=each.currency), account.terms.tolerance
            why = f"{owed} is below the tolerance of {tolerance:f}"
        else:
            why = "credit covers it, and settles it when the month ends"
        yield f"{each.invoice} is not chased: {why}."
