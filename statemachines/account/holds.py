"""Holds for nonpayment: what is suspended for an unpaid invoice, and lifted once it is settled (MON-9, SUS-9)."""

from datetime import datetime

from domain.account.account import Account, Receivable
from domain.account.events import AccountEventName, LiftHolds, PlaceHolds
from domain.account.invoice import InvoiceId
from domain.roles import Party
from domain.rules import Rule
from domain.subscription.commands import Reactivate, Suspend
from domain.subscription.decision import Answered, Outcome
from domain.subscription.holds import Reason
from statemachines.account.draft import AccountDraft

ACTOR = "billing-account"
"""The actor of holds for nonpayment, as journals name it."""
_HOLD = "nonpayment-"


def suspend(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-9, SUS-1: suspend for nonpayment what the invoice charges, or by the terms every licensed subscription."""
    scope = receivable.terms.holds
    draft.then(PlaceHolds(seq=draft.next_seq, at=draft.at, invoice=receivable.invoice, scope=scope))
    held = receivable.model_copy(update={"suspended": True, "postponed": False})
    draft.chase(AccountEventName.SUSPENDED, Rule.MON_6, held)


def postpone(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-8: the suspension's date passes while the invoice is not chased: it comes when it is chased again."""
    postponed = receivable.model_copy(update={"postponed": True})
    draft.chase(AccountEventName.SUSPENSION_POSTPONED, Rule.MON_8, postponed)


def release(draft: AccountDraft, receivable: Receivable) -> None:
    """MON-8: lift what was held for an invoice that is no longer chased, at the instant of what covers it."""
    before = draft.account
    released = receivable.model_copy(update={"suspended": False, "postponed": True})
    draft.follow(released)
    draft.chase(AccountEventName.HOLDS_LIFTED, Rule.MON_8, released, lifts=lift(draft, before))


def lift(draft: AccountDraft, before: Account) -> bool:
    """MON-9: lift what was held for the invoices that no longer lead to a hold; whether something is lifted.

    What is held for another invoice too stays held, which is everything where that one's terms hold everything.
    """
    standing = draft.account.held_for
    settled = set(before.held_for) - set(standing)
    if not settled or draft.account.holds_all:
        return False
    draft.then(LiftHolds(seq=draft.next_seq, at=draft.at, keep=standing))
    return True


def hold_command(seq: int, at: datetime | None, invoice: InvoiceId) -> Suspend:
    """The command to each subscription to hold, by the account event `seq`; `at` is for test clocks (MON-9, SUS-1)."""
    details, command_id = f"{invoice} is not paid", f"{_HOLD}{seq}"
    return Suspend(
        by=Party.SYSTEM, actor=ACTOR, command_id=command_id, at=at, reason=Reason.NONPAYMENT, details=details
    )


def hold_placed_by(answered: Answered) -> int | None:
    """The account event that has placed a hold by this command; None for any other command, and for a refusal."""
    asked = answered.system and answered.command_id.startswith(_HOLD) and answered.answer.outcome is Outcome.DONE
    return int(answered.command_id.removeprefix(_HOLD)) if asked else None


def lift_command(seq: int, at: datetime | None) -> Reactivate:
    """The command to each subscription with such a hold, by the account event `seq`: lifts that hold alone (SUS-9)."""
    return Reactivate(by=Party.SYSTEM, actor=ACTOR, command_id=f"paid-{seq}", at=at, reason=Reason.NONPAYMENT)
