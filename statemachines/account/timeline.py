"""What will happen to an account without payments: the next milestone of each kind, soonest first (MON-5, MON-6)."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from domain.account.account import Account, Receivable
from domain.account.invoice import InvoiceId, InvoiceState
from domain.rules import Rule
from domain.values import Frozen, Instant


class AccountWhat(StrEnum):
    """The kinds of milestones, in the order in which they happen at one instant."""

    OVERDUE = "overdue"
    REMIND = "remind"
    SUSPEND = "suspend"
    CLOSE = "close"


_ORDER = {what: rank for rank, what in enumerate(AccountWhat)}


class AccountMilestone(Frozen):
    """Something that happens by itself at a known instant: what, to which invoice, by which rule, and why in words."""

    at: Instant
    what: AccountWhat
    invoice: InvoiceId | None = None
    rule: Rule
    why: str


def account_timeline(account: Account) -> list[AccountMilestone]:
    """The next milestone of each unpaid invoice and the end of the month, soonest first."""
    return sorted(_milestones(account), key=_place)


def next_account_milestone(account: Account) -> AccountMilestone:
    """The next milestone, which the workflow sleeps until. The month always ends, so there is one."""
    return min(_milestones(account), key=_place)


def _place(milestone: AccountMilestone) -> tuple[datetime, int, str]:
    return milestone.at, _ORDER[milestone.what], milestone.invoice or ""


def _milestones(account: Account) -> Iterator[AccountMilestone]:
    why = f"the month ends: invoices for all that was charged and credited since {account.month.start:%Y-%m-%d}"
    yield AccountMilestone(at=account.month.end, what=AccountWhat.CLOSE, rule=Rule.MON_5, why=why)
    for receivable in account.receivables:
        yield from _of_unpaid(account, receivable)


def _of_unpaid(account: Account, receivable: Receivable) -> Iterator[AccountMilestone]:
    terms, named = account.terms, receivable.invoice
    if receivable.state is InvoiceState.ISSUED:
        why = f"{named} is due"
        yield AccountMilestone(at=receivable.due_at, what=AccountWhat.OVERDUE, invoice=named, rule=Rule.MON_6, why=why)
        return
    if receivable.reminders < len(terms.reminders):
        at = max(receivable.due_at + terms.reminders[receivable.reminders], account.last_at)
        why = f"{named} is not paid: reminder {receivable.reminders + 1} of {len(terms.reminders)}"
        yield AccountMilestone(at=at, what=AccountWhat.REMIND, invoice=named, rule=Rule.MON_6, why=why)
    if terms.suspends_after is not None and not receivable.suspended:
        # After a change of terms the date may already have passed.
        at = max(receivable.due_at + terms.suspends_after, account.last_at)
        why = f"{named} is not paid: the customer's licensed subscriptions are suspended"
        yield AccountMilestone(at=at, what=AccountWhat.SUSPEND, invoice=named, rule=Rule.MON_6, why=why)
