"""Holds for nonpayment: what is suspended for an unpaid invoice, and lifted once it is settled (MON-9, SUS-9)."""

from datetime import datetime

from domain.account.account import Account, Receivable
from domain.account.events import AccountEventName, LiftHolds, PlaceHolds
from domain.account.invoice import InvoiceId
from domain.account.terms import HoldScope
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
    scope = draft.account.terms.holds
    draft.then(PlaceHolds(seq=draft.next_seq, at=draft.at, invoice=receivable.invoice, scope=scope))
    draft.tell(AccountEventName.SUSPENDED, Rule.MON_6, receivable.model_copy(update={"suspended": True}))


def lift(draft: AccountDraft, before: Account) -> bool:
    """MON-9: lift what was held for the invoices that no longer lead to a hold; whether something is lifted.

    What is held for another invoice too stays held. By terms that hold everything, the last invoice lifts.
    """
    standing = draft.account.held_for
    settled = set(before.held_for) - set(standing)
    if not settled or (standing and draft.account.terms.holds is HoldScope.ALL):
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
