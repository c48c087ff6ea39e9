"""Settles the conflicts of a billing account: what follows from the books' side, or without the effect (REP-1)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from domain.account.account import Account, Payment, Receivable
from domain.account.events import (
    AccountEffect,
    AccountEvent,
    AccountEventName,
    AccountRecord,
    Close,
    CloseReceipt,
    LiftHolds,
    PlaceHolds,
    terms_after,
)
from domain.account.held import HeldAccount, HeldHolds
from domain.account.invoice import InvoiceHead, InvoiceId
from domain.account.terms import BillingTerms, HoldScope
from domain.conflict import Choice, Conflict, SettleConflict, Settled, compared
from domain.rules import Rule
from domain.values import format_instant
from statemachines.account.draft import AccountDraft
from statemachines.account.life import AccountLife, AccountSteps
from statemachines.account.payments import remembering
from statemachines.account.recalling import followed
from statemachines.conflicts.choices import BOTH, choices_about_events

MOST_HELD = 300
"""With more unpaid invoices, or events that it does not know, an account is not adopted: one error has to hold them."""


def conflict_of(effect: AccountEffect, words: str, held: HeldAccount | None) -> Conflict | None:
    """The conflict of an effect that failed for good, with what the books hold in its place; None if it is none."""
    if held is None or not isinstance(effect, Close | AccountRecord):
        return None
    choices = BOTH if isinstance(effect, Close) else choices_about_events(held, effect.events[-1].seq)
    return Conflict(key=effect.key, words=words, fields=held.fields, choices=choices)


def settle(
    steps: AccountSteps, life: AccountLife, held: HeldAccount | None, request: SettleConflict, now: datetime
) -> AccountLife:
    """The life after the operator's choice about its first effect, with the event that says so."""
    assert held is not None
    effect = life.effects[0]
    if isinstance(effect, Close):
        taken = held.invoices if request.choice is Choice.ADOPT else ()
        closed = steps.closed(life, CloseReceipt(period=effect.period, invoices=taken))
        invoices = tuple(head.invoice for head in held.invoices)
        return _noted(closed, Settled(key=effect.key, choice=request.choice, rows=invoices), held, request, now)
    assert isinstance(effect, AccountRecord)
    last = effect.events[-1].seq
    settled = Settled(key=effect.key, choice=request.choice, first=effect.seq, last=max(last, held.up_to))
    if request.choice is Choice.SET_ASIDE:
        return _noted(life.first_effect_done(), settled, held, request, now)
    settled = settled.model_copy(update={"rows": tuple(payment.payment_id for payment in held.payments)})
    return _noted(_adopted(life, held), settled, held, request, now)


def held_account(
    opened: BillingTerms,
    heads: Sequence[InvoiceHead],
    events: Sequence[AccountEvent],
    others: Sequence[Payment],
    wanted: Sequence[AccountEvent],
) -> HeldAccount:
    """The account that a journal tells of, whole and in order, where these events were wanted.

    It was `opened` with those terms.
    `others` are payments in the books that no event tells of.
    """
    first = wanted[0].seq
    by_id, unknown = {head.invoice: head for head in heads}, [event for event in events if event.seq >= first]
    theirs = content_of_account(unknown)
    theirs |= {f"payment {each.payment_id}": f"{each.currency} {each.amount:f}" for each in others}
    receivables = sorted(_receivables(opened, by_id, events), key=lambda r: (r.due_at, r.invoice))
    return HeldAccount(
        fields=compared(content_of_account(wanted), theirs),
        up_to=events[-1].seq if events else 0,
        readable=max(len(receivables), len(unknown)) <= MOST_HELD,
        last_at=events[-1].at if events else None,
        terms=terms_after(opened, events),
        receivables=tuple(receivables[:MOST_HELD]),
        credit={currency: left for currency, left in _credit(by_id, events).items() if left},
        payments=(*(event.payment for event in unknown if event.payment), *others),
        holds=tuple(_holds(unknown)),
        taken_over=tuple(event.opening.invoice.trace for event in events if event.opening),
    )


def content_of_account(events: Sequence[AccountEvent]) -> dict[str, str]:
    """What an account's events say, field by field, for people to compare."""
    contents: dict[str, str] = {}
    for event in events:
        money = f"{event.currency} {event.amount:f}" if event.amount is not None else ""
        facts = {
            "event": event.event.value,
            "at": format_instant(event.at),
            "rule": event.rule,
            "by": event.by,
            "actor": event.actor,
            "payment": event.payment_id,
            "invoice": event.invoice,
            "state": event.state.value if event.state else None,
            "amount": money,
            "pays": ", ".join(f"{part.invoice} {part.amount:f}, {part.state}" for part in event.allocations),
            "credited": f"{event.credited:f}" if event.credited else None,
            "credit of": event.credit_of,
            "correction": event.correction,
            "credit": f"{event.credit:f}" if event.credit is not None else None,
            "details": event.details,
        }
        contents |= {f"{event.seq} {name}": text for name, text in facts.items() if text}
    return contents


def held_month(close: Close, receipt: CloseReceipt) -> HeldAccount:
    """The invoices of a month that the books have closed, where an account wants to close it otherwise.

    What its own invoices would be is only known to the books.
    """
    credit = ", ".join(f"{currency} {amount:f}" for currency, amount in sorted(close.carried_in.items()) if amount)
    wanted = {"until": format_instant(close.period.end), "due at": format_instant(close.due_at), "credit": credit}
    unpaid = ", ".join(f"{each.invoice} {each.currency} {each.owed:f}" for each in close.unpaid)
    wanted |= {"unpaid": unpaid} if unpaid else {}
    held = {"until": format_instant(receipt.period.end)}
    carried = {head.currency: head.totals.carried_in for head in receipt.invoices if head.totals.carried_in}
    held["due at"] = format_instant(receipt.invoices[0].due_at) if receipt.invoices else ""
    held["credit"] = ", ".join(f"{currency} {amount:f}" for currency, amount in sorted(carried.items()))
    for head in receipt.invoices:
        totals = head.totals
        sums = f"charges {totals.charges:f}, credits {totals.credits:f}, due {totals.due:f}"
        settles = "".join(f", settles {each.invoice} {each.amount:f}" for each in head.settles)
        held[f"invoice {head.invoice}"] = f"{head.currency}: {sums}{settles}"
    return HeldAccount(fields=compared(wanted, held), invoices=receipt.invoices)


def _adopted(life: AccountLife, books: HeldAccount) -> AccountLife:
    """The life as the books have it: what waited is undone, but for the close of a month."""
    undone = [event for effect in life.effects if isinstance(effect, AccountRecord) for event in effect.events]
    ids = {event.payment_id for event in undone}
    account = life.account.model_copy(
        update={
            "seq": books.up_to,
            "last_at": books.last_at or life.account.opened_at,
            "terms": books.terms or life.account.terms,
            "receivables": books.receivables,
            "credit": books.credit,
            "taken_over": books.taken_over,
            "corrected": books.up_to,
            "looking": None,
            "seen": None,
            "payments": tuple(payment for payment in life.account.payments if payment.payment_id not in ids),
        }
    )
    for payment in books.payments:
        account = remembering(account, payment)
    closes = (effect for effect in life.effects if isinstance(effect, Close))
    effects: list[AccountEffect] = [
        PlaceHolds(seq=each.seq, at=each.at, invoice=each.invoice, scope=_scope(account, each.invoice))
        if each.invoice
        else LiftHolds(seq=each.seq, at=each.at, keep=account.held_for)
        for each in books.holds
    ]
    known = {"carried_in": dict(account.credit), "unpaid": account.unpaid}
    effects += [close.model_copy(update=known) for close in closes]
    recent = tuple(event for event in life.recent if event not in undone)
    adopted = {"account": account, "effects": tuple(effects), "recent": recent, "committed": books.up_to}
    return life.model_copy(update=adopted).considering(account.last_at)


def _noted(
    life: AccountLife, settled: Settled, held: HeldAccount, request: SettleConflict, now: datetime
) -> AccountLife:
    """The life with the event that tells of the choice, behind all that waits."""
    account: Account = life.account
    draft = AccountDraft(account, max(now, account.last_at))
    draft.emit(
        AccountEventName.CONFLICT_SETTLED,
        Rule.REP_1,
        details=request.reason,
        settled=settled.model_copy(update={"fields": held.fields}),
    )
    draft.events[0] = draft.events[0].model_copy(update={"by": request.by, "actor": request.actor})
    return life.after(draft.decision())


def _issues(event: AccountEvent) -> bool:
    return event.event.issues


def _scope(account: Account, invoice: InvoiceId) -> HoldScope:
    """What an invoice holds (MON-9); one that is no longer unpaid has nothing left to hold."""
    receivable = account.receivable(invoice)
    return receivable.terms.holds if receivable else HoldScope.UNPAID


def _receivables(
    opened: BillingTerms, heads: dict[str, InvoiceHead], events: Sequence[AccountEvent]
) -> Iterator[Receivable]:
    issued = (heads.get(event.invoice or "") for event in events if _issues(event))
    for head in (head for head in issued if head):
        receivable = followed(head, opened, events)
        if receivable.state.unpaid:
            yield receivable


def _credit(heads: dict[str, InvoiceHead], events: Sequence[AccountEvent]) -> dict[str, Decimal]:
    credit: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        head = heads.get(event.invoice or "") if _issues(event) else None
        if head:
            credit[head.currency] = head.totals.carried_out
        elif event.currency:
            credit[event.currency] += event.makes_credit
    return credit


def _holds(events: Sequence[AccountEvent]) -> Iterator[HeldHolds]:
    for event in events:
        if event.event is AccountEventName.SUSPENDED:
            yield HeldHolds(seq=event.seq, at=event.at, invoice=event.invoice)
        elif event.lifts:
            yield HeldHolds(seq=event.seq, at=event.at)
