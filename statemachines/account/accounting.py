"""The account's decisions: what a milestone, a closed month or a request comes to. Pure: no clock, no I/O, no Temporal.

open_account(...)                    an account at its first moment
milestone(account, milestone)        what happens by itself, dated by its schedule
closed(account, receipt)             the month's invoices, once the books have written them
decide(account, request, now)        a request, at the instant it was accepted
"""

from collections.abc import Callable
from datetime import datetime

from domain.account.account import Account, Receivable
from domain.account.events import AccountDecision, AccountEventName, CloseReceipt
from domain.account.invoice import InvoiceState
from domain.account.requests import AccountRequest, ChangeTerms, FailPayment, ReceivePayment
from domain.account.terms import BillingTerms, month_end, terms_of
from domain.calendar import Period
from domain.roles import RolePreset, account_denial
from domain.rules import Rule
from statemachines.account import dunning, payments
from statemachines.account.draft import AccountDraft
from statemachines.account.machine import InvoicePlace, Invoices, InvoiceTransition
from statemachines.account.timeline import AccountMilestone, AccountWhat

ISSUED, OVERDUE = InvoiceState.ISSUED, InvoiceState.OVERDUE
EVENTS = {AccountWhat.OVERDUE: "fall_due", AccountWhat.REMIND: "remind", AccountWhat.SUSPEND: "suspend"}
"""The machine's event for each milestone of an unpaid invoice."""
DOES: dict[InvoiceTransition, Callable[[AccountDraft, Receivable], None]] = {
    InvoiceTransition("fall_due", ISSUED, OVERDUE): dunning.fall_due,
    InvoiceTransition("remind", OVERDUE, OVERDUE): dunning.remind,
    InvoiceTransition("suspend", OVERDUE, OVERDUE): dunning.suspend,
}
"""What each of those transitions does; `close`, `pay` and `fail_payment` are decided where their money is."""


class ImpossibleAccountMilestone(Exception):
    """The timeline showed a milestone that the machine has no transition for: a defect, never a caller's fault."""


def open_account(
    customer_id: str, terms: BillingTerms, at: datetime, roles: RolePreset = RolePreset.DEFAULT
) -> Account:
    """An account whose first month begins now."""
    month = Period(start=at, end=month_end(at))
    return Account(customer_id=customer_id, terms=terms, roles=roles, opened_at=at, month=month, last_at=at)


class Accounting:
    """The decisions, over one reusable invoice machine."""

    def __init__(self, invoices: Invoices | None = None) -> None:
        self._invoices = invoices or Invoices()

    def milestone(self, account: Account, milestone: AccountMilestone) -> AccountDecision:
        """What the milestone comes to."""
        draft = AccountDraft(account, milestone.at)
        if milestone.what is AccountWhat.CLOSE:
            dunning.end_month(draft)
            return draft.decision()
        receivable = account.receivable(milestone.invoice or "")
        assert receivable is not None
        suspends = account.terms.suspends_after is not None and not receivable.suspended
        place = InvoicePlace(state=receivable.state.value, suspends=suspends)
        chosen = self._invoices.send(place, EVENTS[milestone.what])
        if chosen is None:
            raise ImpossibleAccountMilestone(f"{milestone.what} of {receivable.invoice} in {receivable.state}")
        DOES[chosen](draft, receivable.model_copy(update={"state": chosen.target}))
        return draft.decision()

    def closed(self, account: Account, receipt: CloseReceipt) -> AccountDecision:
        """The account with the invoices that its month came to."""
        draft = AccountDraft(account, receipt.period.end)
        dunning.take_closed(draft, receipt, self._invoices)
        return draft.decision()

    def decide(self, account: Account, request: AccountRequest, now: datetime) -> AccountDecision:
        """What the request comes to at that instant. Whoever calls has caught up before."""
        draft = AccountDraft(account, now, request)
        if denied := account_denial(request.by, request.action, account.roles):
            draft.refuse(denied.rule, denied.message)
            return draft.decision()
        match request:
            case ReceivePayment():
                payments.receive(draft, request, self._invoices)
            case FailPayment():
                payments.fail(draft, request, self._invoices)
            case ChangeTerms():
                _change_terms(draft, request)
        return draft.decision()


def _change_terms(draft: AccountDraft, request: ChangeTerms) -> None:
    """MON-6: other terms hold at once, for invoices that are unpaid too; due dates stay as they were issued."""
    known = draft.account.terms
    wanted = terms_of(request.policy or known.name)
    if not (known.suspends_after is not None if request.suspends is None else request.suspends):
        wanted = wanted.without_suspension()
    if wanted == known:
        draft.unchanged("The account already has these terms.")
        return
    draft.update(terms=wanted)
    suspends = "no suspension for nonpayment"
    if wanted.suspends_after is not None:
        suspends = f"suspension {wanted.suspends_after.days} days after the due date"
    draft.message = f"The terms are now {wanted.name}: due after {wanted.due_after.days} days, {suspends}."
    draft.emit(AccountEventName.TERMS_CHANGED, Rule.MON_6, details=draft.message)
