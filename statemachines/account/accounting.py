"""The account's decisions. Pure: no clock, no I/O, no Temporal."""

from collections.abc import Callable
from datetime import datetime

from domain.account.account import Account, Receivable
from domain.account.events import AccountDecision, AccountEventName, CloseReceipt
from domain.account.invoice import InvoiceState
from domain.account.own_terms import OwnTerms
from domain.account.recalled import Recalled
from domain.account.requests import (
    AccountRequest,
    ChangeTerms,
    ConfirmRefund,
    FailPayment,
    IssueCreditNote,
    ReceivePayment,
    ReserveRefund,
    ReversePayment,
    TakeOverInvoices,
    WriteOff,
)
from domain.account.terms import terms_of
from domain.roles import denial
from domain.rules import Rule
from statemachines.account import corrections, dunning, holds, openings, payments
from statemachines.account.chasing import chased, overdue
from statemachines.account.draft import AccountDraft
from statemachines.account.machine import INVOICES, InvoicePlace, Invoices, InvoiceTransition
from statemachines.account.timeline import AccountMilestone, AccountWhat, chasing_due

ISSUED, OVERDUE = InvoiceState.ISSUED, InvoiceState.OVERDUE
CHASED = {AccountWhat.REMIND: "remind", AccountWhat.SUSPEND: "suspend"}
NOT_CHASED = {AccountWhat.REMIND: "skip_reminder", AccountWhat.SUSPEND: "postpone"}
"""The machine's events for the dates of an overdue invoice, by whether it is chased (MON-8)."""
DOES: dict[InvoiceTransition, Callable[[AccountDraft, Receivable], None]] = {
    InvoiceTransition("fall_due", ISSUED, OVERDUE): dunning.fall_due,
    InvoiceTransition("remind", OVERDUE, OVERDUE): dunning.remind,
    InvoiceTransition("skip_reminder", OVERDUE, OVERDUE): dunning.skip_reminder,
    InvoiceTransition("suspend", OVERDUE, OVERDUE): holds.suspend,
    InvoiceTransition("postpone", OVERDUE, OVERDUE): holds.postpone,
    InvoiceTransition("lift", OVERDUE, OVERDUE): holds.release,
}
"""The function for each of those transitions. Others are decided where their requests are.

`close` in `dunning` and `openings`, `pay` in `payments`, `write_off` and `reopen` in `corrections`.
"""


class ImpossibleAccountMilestone(Exception):
    """The machine has no transition for a milestone of the timeline: a bug, never the caller's fault."""


class Accounting:
    """Makes the decisions, by what the invoice machine says."""

    def __init__(self, invoices: Invoices = INVOICES) -> None:
        self._invoices = invoices

    def milestone(self, account: Account, milestone: AccountMilestone) -> AccountDecision:
        """Decide the milestone, dated by its schedule. Raises ImpossibleAccountMilestone.

        What is decided for overdue invoices is `chase`, after a look into the books (MON-8).
        """
        if milestone.what is AccountWhat.CLOSE:
            draft = AccountDraft(account, milestone.at)
            dunning.end_month(draft)
            return draft.decision()
        receivable = account.receivable(milestone.invoice or "")
        assert receivable is not None
        return self._follow(account, receivable, "fall_due", milestone.at)

    def chase(self, account: Account, at: datetime) -> AccountDecision | None:
        """Decide at the instant the next thing that follows overdue invoices; None if nothing is left (MON-8).

        The account has just looked into the books. First what is held and not chased any more, then the reminders and
        suspensions that come. Raises ImpossibleAccountMilestone.
        """
        for each in overdue(account):
            if each.suspended and not chased(account, each):
                return self._follow(account, each, "lift", at)
        if milestone := chasing_due(account, at):
            receivable = account.receivable(milestone.invoice or "")
            assert receivable is not None
            events = CHASED if chased(account, receivable) else NOT_CHASED
            return self._follow(account, receivable, events[milestone.what], at)
        return None

    def _follow(self, account: Account, receivable: Receivable, event: str, at: datetime) -> AccountDecision:
        """What follows the event of an unpaid invoice."""
        draft, is_chased = AccountDraft(account, at), chased(account, receivable)
        suspends = is_chased and receivable.terms.suspends_after is not None and not receivable.suspended
        place = InvoicePlace(state=receivable.state.value, suspends=suspends, chased=is_chased)
        chosen = self._invoices.send(place, event)
        if chosen is None:
            raise ImpossibleAccountMilestone(f"{event} of {receivable.invoice} in {receivable.state}")
        DOES[chosen](draft, receivable.model_copy(update={"state": chosen.target}))
        return draft.decision()

    def closed(self, account: Account, receipt: CloseReceipt) -> AccountDecision:
        """Decide what follows from the invoices of the closed month."""
        draft = AccountDraft(account, receipt.period.end)
        dunning.take_closed(draft, receipt, self._invoices)
        return draft.decision()

    def decide(
        self, account: Account, request: AccountRequest, now: datetime, recalled: Recalled | None = None
    ) -> AccountDecision:
        """Decide the request at `now`. The account must have passed every earlier milestone.

        A correction is decided on what the books have `recalled` of what it names (MON-10).
        """
        draft = AccountDraft(account, now, request)
        if denied := denial(request.by, request.action, account.roles):
            draft.refuse(denied.rule, denied.message)
            return draft.decision()
        match request:
            case ReceivePayment():
                payments.receive(draft, request, self._invoices)
            case FailPayment():
                payments.fail(draft, request, self._invoices)
            case ChangeTerms():
                _change_terms(draft, request)
            case TakeOverInvoices():
                openings.take_over(draft, request, self._invoices)
            case IssueCreditNote() | WriteOff() | ReserveRefund() | ConfirmRefund() | ReversePayment():
                assert recalled is not None
                corrections.correct(draft, request, recalled, self._invoices)
        return draft.decision()


def _change_terms(draft: AccountDraft, request: ChangeTerms) -> None:
    """MON-11: new terms hold for invoices closed from then on; the running period closes as it was shown."""
    known = draft.account.terms
    wanted = request.instead_in(OwnTerms.of(known).instead_in(terms_of(request.policy or known.name)))
    if request.suspends is not None:
        wanted = wanted.with_suspension() if request.suspends else wanted.without_suspension()
    if wanted == known:
        draft.unchanged("The account already has these terms.")
        return
    draft.update(terms=wanted)
    draft.message = f"The terms are now {wanted.name}: {wanted.words}. Closed invoices keep their dates."
    draft.emit(AccountEventName.TERMS_CHANGED, Rule.MON_6, details=draft.message, terms=wanted)
