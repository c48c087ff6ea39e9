"""Rows that contradict themselves, or what the catalog knows (MOV-1)."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from domain.catalog.catalog import ListedOffer
from domain.faults import Fault
from domain.money import EXPONENTS, fits
from domain.policy import PACKS, PolicyPack
from domain.subscription.events import State
from domain.subscription.pricing import rest_of_period
from domain.subscription.subscription import Subscription
from domain.takeover.row import TakeoverRow
from statemachines.takeover.known import Known

RUNNING = (State.TRIAL, State.ACTIVE, State.SUSPENDED)


def unknown(row: TakeoverRow, known: Known) -> Iterator[Fault]:
    if row.subscription_id is None and row.reference is None:
        yield Fault(("subscription_id",), None, "an id, or a reference of the other system in `reference`")
    if known.customer is None:
        yield Fault(("customer",), row.customer, "the id of a customer in the catalog; import its record first")
    if known.offer is None:
        yield Fault(("offer",), row.offer, "the id of an offer in the catalog; import it first")
    if row.state not in RUNNING:
        instead = "one that has ended is not taken over" if row.state.ended else "buy a pending one here"
        yield Fault(("state",), row.state.value, f"one of {', '.join(RUNNING)}; {instead}")


def contradictions(row: TakeoverRow, offer: ListedOffer) -> Iterator[Fault]:
    """The fields that say different things about one fact."""
    if row.state is State.SUSPENDED and not row.holds:
        yield Fault(("holds",), None, "why it is suspended: one hold or more")
    if row.state is not State.SUSPENDED and row.holds:
        reasons = ", ".join(hold.reason for hold in row.holds)
        yield Fault(("holds",), reasons, f"nothing, because state is {row.state}; with a hold it is suspended (SUS-1)")
    if row.state is not State.SUSPENDED and row.deletes_at is not None:
        yield Fault(("deletes_at",), row.deletes_at, f"nothing, because state is {row.state} (SUS-3)")
    seen: set[str] = set()
    for index, hold in enumerate(row.holds):
        if hold.reason in seen:
            yield Fault(("holds", index, "reason"), hold.reason.value, "each reason once (SUS-9)")
        seen.add(hold.reason)
    if row.holds and all(hold.until for hold in row.holds) and row.deletes_at is not None:
        yield Fault(("deletes_at",), row.deletes_at, "nothing: a planned pause deletes nothing (SUS-11)")
    yield from _cancellation_faults(row, offer)


def _cancellation_faults(row: TakeoverRow, offer: ListedOffer) -> Iterator[Fault]:
    for field in ("cancellation_at", "cancellation_by", "cancellation_details"):
        if row.cancellation_reason is None and (got := getattr(row, field)) is not None:
            yield Fault((field,), got, "nothing without cancellation_reason")
    if row.cancellation_reason is None:
        turned_off = pack_of(row, offer).suspension_turns_auto_renew_off
        if not row.auto_renew and not offer.marketplace and not turned_off:
            yield Fault(("auto_renew",), False, "true: it cannot be turned off for Microsoft's offers (REN-2)")
        return
    if row.auto_renew:
        yield Fault(("auto_renew",), True, "false, because a cancellation is scheduled (REN-3)")
    if row.cancellation_at is None:
        yield Fault(("cancellation_at",), None, "when it was cancelled: with cancellation_reason it is required")
    if not offer.marketplace:
        yield Fault(("cancellation_reason",), row.cancellation_reason.value, "nothing for Microsoft's offers (CXL-1)")
    elif row.term_start is None:
        words = "nothing in a trial: a cancelled trial has ended (TRI-4)"
        yield Fault(("cancellation_reason",), row.cancellation_reason.value, words)


def pack_of(row: TakeoverRow, offer: ListedOffer) -> PolicyPack:
    """The policy pack of the row, else the catalog's for the offer."""
    return PACKS[row.policy or offer.policy]


def refund_faults(row: TakeoverRow, subscription: Subscription, as_of: datetime) -> Iterator[Fault]:
    """Amounts that fit, of lines that there are, and never less than what a change could credit (MON-4)."""
    currency, offer = subscription.offer.currency, subscription.offer
    lines = [offer.id, *(add_on.id for add_on in offer.add_ons)]
    for line, amount in (row.refundable or {}).items():
        if line not in lines:
            yield Fault(("refundable", line), line, f"a line of the subscription: {', '.join(lines)}")
        elif not fits(amount, currency):
            yield Fault(("refundable", line), f"{amount:f}", f"at most {EXPONENTS[currency]} decimals ({currency})")
    paid = subscription.paid_through is not None and subscription.paid_through > as_of
    if row.refundable is None or not paid or as_of >= subscription.refund_closes:
        return
    for rest in rest_of_period(subscription, as_of, subscription.seq):
        if (given := row.refundable.get(rest.line, Decimal(0))) < rest.amount:
            words = f"at least {rest.amount:f}: so much is left of the paid period, which a change could credit (MON-4)"
            yield Fault(("refundable", rest.line), f"{given:f}", words)
