"""Rebuilds a billing account from the books."""

from collections.abc import Iterator, Mapping, Sequence

from domain.account.account import Account, Receivable
from domain.account.events import (
    ISSUING,
    AccountEffect,
    AccountEvent,
    AccountEventName,
    CloseReceipt,
    LiftHolds,
    PlaceHolds,
    terms_after,
)
from domain.account.invoice import InvoiceHead
from domain.account.terms import BillingTerms
from domain.calendar import Period
from domain.roles import RolePreset
from domain.values import Frozen, Instant
from statemachines.account.accounting import Accounting
from statemachines.account.dunning import with_credit_of
from statemachines.account.life import AccountLife, AccountSteps
from statemachines.account.openings import opened_with
from statemachines.account.payments import remembering
from statemachines.account.recalling import followed
from statemachines.subscription.life import EVENTS_KEPT

CLOSED = ISSUING - {AccountEventName.INVOICE_TAKEN_OVER}


class BookedAccount(Frozen):
    """What the books have of an account: how it was opened, its whole journal, and its closed months in order."""

    customer_id: str
    terms: BillingTerms
    roles: RolePreset = RolePreset.DEFAULT
    opened_at: Instant
    events: tuple[AccountEvent, ...] = ()
    closes: tuple[CloseReceipt, ...] = ()


def rebuilt_account(booked: BookedAccount) -> AccountLife:
    """The account after its last recorded event and its last closed month; one that has nothing yet just opens.

    Invoices whose events are not recorded are decided now, as they were. A hold for nonpayment, or its end, is placed
    again if it was the last event: it may not be done. What follows overdue invoices is decided again (MON-8). The
    books do not have: the signals that waited, and refusals.
    """
    life = AccountSteps.begin(booked.customer_id, booked.terms, booked.opened_at, booked.roles)
    account, heads = life.account, {head.invoice: head for close in booked.closes for head in close.invoices}
    for event in booked.events:
        account = _after(account, event, heads)
    unpaid = sorted(_unpaid(booked, heads), key=lambda each: (each.due_at, each.invoice))
    account = account.model_copy(update={"receivables": tuple(unpaid)})
    if booked.closes:
        end = booked.closes[-1].period.end
        terms = terms_after(booked.terms, (event for event in booked.events if event.at < end))
        account = account.model_copy(update={"month": Period(start=end, end=terms.closes_after(end))})
    life = life.model_copy(
        update={
            "account": account,
            "effects": _unsure(booked, account),
            "recent": booked.events[-EVENTS_KEPT:],
            "committed": account.seq,
            "accepted_at": account.last_at,
        }
    )
    issued = {event.invoice for event in booked.events if event.event in CLOSED}
    lacking = [close for close in booked.closes[-1:] if any(head.invoice not in issued for head in close.invoices)]
    life = life.after(Accounting().closed(account, lacking[0])) if lacking else life
    return life.considering(life.account.last_at)


def _after(account: Account, event: AccountEvent, heads: Mapping[str, InvoiceHead]) -> Account:
    """The account after the event, but for its unpaid invoices."""
    corrected = event.seq if event.corrects else account.corrected
    terms = event.terms or account.terms
    account = account.model_copy(update={"seq": event.seq, "last_at": event.at, "terms": terms, "corrected": corrected})
    if event.opening and event.state:
        account = opened_with(account, event.opening, event.state)
    elif event.event in CLOSED:
        account = with_credit_of(account, heads[event.invoice or ""])
    elif event.payment:
        account = remembering(account, event.payment)
    if event.makes_credit and event.currency:
        account = account.with_credit(event.currency, event.makes_credit)
    return account


def _unpaid(booked: BookedAccount, heads: Mapping[str, InvoiceHead]) -> Iterator[Receivable]:
    for event in booked.events:
        if event.event.issues:
            head = event.opening.head if event.opening else heads[event.invoice or ""]
            receivable = followed(head, booked.terms, booked.events)
            if receivable.state.unpaid:
                yield receivable


def _unsure(booked: BookedAccount, account: Account) -> Sequence[AccountEffect]:
    """The effect of the last event, which may not be done: whatever follows it in the books has waited for it."""
    last = booked.events[-1] if booked.events else None
    if last is None or any(close.period.end > last.at for close in booked.closes):
        return ()
    if last.event is AccountEventName.SUSPENDED:
        assert last.invoice
        held = account.receivable(last.invoice)
        assert held
        return (PlaceHolds(seq=last.seq, at=last.at, invoice=last.invoice, scope=held.terms.holds),)
    lifting = (event for event in _last_decision(booked.events) if event.lifts)
    return tuple(LiftHolds(seq=event.seq, at=event.at, keep=account.held_for) for event in lifting)


def _last_decision(events: Sequence[AccountEvent]) -> Sequence[AccountEvent]:
    """The events of the last decision: the invoices of a month are one, with what their credit settles."""
    last, of_close = events[-1], {*CLOSED, AccountEventName.INVOICE_SETTLED}
    if last.event not in of_close:
        return (last,)
    return [event for event in events if event.at == last.at and event.event in of_close]
