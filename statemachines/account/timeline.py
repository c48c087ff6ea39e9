"""What will happen to an account without payments: the next milestone of each kind, soonest first (MON-5, MON-6)."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from domain.account.account import Account, Receivable
from domain.account.invoice import InvoiceId, InvoiceState
from domain.account.terms import HoldScope
from domain.rules import Rule
from domain.values import Frozen, Instant
from statemachines.account.chasing import chased, chased_by


class AccountWhat(StrEnum):
    """The kinds of milestones, in the order in which they happen at one instant."""

    OVERDUE = "overdue"
    REMIND = "remind"
    SUSPEND = "suspend"
    CLOSE = "close"


class AccountMilestone(Frozen):
    """Something that happens by itself at a known instant: what, to which invoice, by which rule, and why in words."""

    at: Instant
    what: AccountWhat
    invoice: InvoiceId | None = None
    rule: Rule
    why: str


CHASING = {AccountWhat.REMIND, AccountWhat.SUSPEND}
"""What is decided after a look into the books (MON-8)."""


def account_timeline(account: Account) -> list[AccountMilestone]:
    """The next milestone of each unpaid invoice and the end of the month, soonest first.

    A reminder or a suspension only where the account would chase the invoice by then, by what it knows (MON-8).
    """
    shown = (each if each.what not in CHASING else _coming(account, each) for each in _milestones(account, shown=True))
    return sorted((each for each in shown if each), key=_place)


def chasing_due(account: Account, at: datetime) -> AccountMilestone | None:
    """What is decided first of the reminders and suspensions that come at the instant, in the order of the timeline.

    Those whose date has come, and suspensions that were postponed where the invoice is chased again (MON-8).
    """
    dated = [each for each in _milestones(account) if each.what in CHASING and each.at <= at]
    again = (
        each
        for each in _milestones(account, shown=True)
        if each.what is AccountWhat.SUSPEND and each.at <= at and chased(account, _of(account, each))
    )
    due = (each.model_copy(update={"at": at}) for each in (*dated, *again))
    return min(due, key=_place, default=None)


def _coming(account: Account, milestone: AccountMilestone) -> AccountMilestone | None:
    """The reminder or suspension when it comes; a suspension also later, when more falls due (MON-8)."""
    receivable = _of(account, milestone)
    later = sorted(each.due_at for each in account.receivables if each.due_at > milestone.at)
    instants = [milestone.at, *later] if milestone.what is AccountWhat.SUSPEND else [milestone.at]
    at = next((each for each in instants if chased_by(account, receivable, each)), None)
    return milestone.model_copy(update={"at": at}) if at else None


def _of(account: Account, milestone: AccountMilestone) -> Receivable:
    receivable = account.receivable(milestone.invoice or "")
    assert receivable is not None
    return receivable


def next_account_milestone(account: Account) -> AccountMilestone:
    """The next milestone, which the workflow sleeps until. The month always ends, so there is one.

    A reminder's or a suspension's date is one also where the invoice is not chased: that is decided then (MON-8).
    """
    return min(_milestones(account), key=_place)


def _place(milestone: AccountMilestone) -> tuple[datetime, int, str]:
    return milestone.at, list(AccountWhat).index(milestone.what), milestone.invoice or ""


def _milestones(account: Account, *, shown: bool = False) -> Iterator[AccountMilestone]:
    """The dates that are decided at; what is `shown` has postponed suspensions too, whose own date has passed."""
    why = f"the month ends: invoices for all that was charged and credited since {account.month.start:%Y-%m-%d}"
    yield AccountMilestone(at=account.month.end, what=AccountWhat.CLOSE, rule=Rule.MON_5, why=why)
    for receivable in account.receivables:
        invoice = receivable.invoice
        for what, at, why in _of_unpaid(account, receivable, shown=shown):
            yield AccountMilestone(at=at, what=what, invoice=invoice, rule=Rule.MON_6, why=f"{invoice} is {why}")


def _of_unpaid(account: Account, receivable: Receivable, *, shown: bool) -> Iterator[tuple[AccountWhat, datetime, str]]:
    following = _of_overdue(account, receivable, shown=shown)
    if receivable.state is InvoiceState.OVERDUE:
        yield from following
        return
    # One that was taken over may have been due before (MOV-6).
    due_at = max(receivable.due_at, account.last_at)
    yield AccountWhat.OVERDUE, due_at, "due"
    # What follows on the due date itself is shown with it; it is decided once the invoice is overdue.
    yield from (each for each in following if shown and each[1] == due_at)


def _of_overdue(
    account: Account, receivable: Receivable, *, shown: bool
) -> Iterator[tuple[AccountWhat, datetime, str]]:
    # Of one that was taken over a date may already have passed.
    terms, due_at = receivable.terms, receivable.due_at
    passed = receivable.reminders + receivable.skipped
    if passed < len(terms.reminders):
        at = max(due_at + terms.reminders[passed], account.last_at)
        yield AccountWhat.REMIND, at, f"not paid: reminder {passed + 1} of {len(terms.reminders)}"
    if terms.suspends_after is None or receivable.suspended:
        return
    if shown or not receivable.postponed:
        at = max(due_at + terms.suspends_after, account.last_at)
        whole = terms.holds is HoldScope.ALL
        what = "the customer's licensed subscriptions are" if whole else "what it charges is"
        yield AccountWhat.SUSPEND, at, f"not paid: {what} suspended"
