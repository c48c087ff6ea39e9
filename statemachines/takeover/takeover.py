"""Takes a running subscription over in mid-term: its state and its first event, from a row (MOV-1 to MOV-5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.catalog.catalog import ListedOffer
from domain.catalog.offers import PinnedOffer
from domain.faults import Fault
from domain.money import EXPONENTS, fits
from domain.ordering.placement import Claim, one_per_customer, one_trial
from domain.rules import Rule
from domain.subscription.effects import Record
from domain.subscription.ends import announcement, retention_ends
from domain.subscription.events import Event, EventName, State
from domain.subscription.holds import Hold
from domain.subscription.pricing import period_charges
from domain.subscription.scheduled import PriceFrom, ScheduledCancellation
from domain.subscription.subscription import Subscription, Term
from domain.subscription.taken_over import TakenOver
from domain.subscription.usage import Report
from domain.takeover.row import TakeoverRow
from domain.values import format_instant
from statemachines.subscription.timeline import What, next_milestone
from statemachines.takeover.contradictions import contradictions, pack_of, refund_faults, unknown
from statemachines.takeover.dates import date_faults, paid_period, term_of
from statemachines.takeover.known import Known
from statemachines.takeover.offers import offer_faults, pinned_offer
from statemachines.takeover.rows import row_of
from statemachines.takeover.usage import reports_in, usage_faults


@dataclass(frozen=True)
class Takeover:
    """A subscription as it is taken over, its first event, its claims (ELG-1, TRI-4), and usage to bill (USE-2)."""

    subscription: Subscription
    event: Event
    claims: tuple[Claim, ...]
    usage: tuple[Report, ...] = ()

    @property
    def record(self) -> Record:
        """The record of its first event, with the whole snapshot: its workflow is rebuilt from that."""
        return Record(events=(self.event,), changed=self.subscription.changes_since(None))

    def overdue(self, now: datetime) -> bool:
        """Whether something of it was due between the row's instant and now: it happens at once (MOV-4)."""
        milestone = next_milestone(self.subscription)
        return milestone is not None and milestone.at <= now


def taken_over(row: TakeoverRow, known: Known, now: datetime, by: str, actor: str | None) -> Takeover | list[Fault]:
    """Take the subscription over as the row has it, or return everything that is wrong with the row."""
    faults = list(unknown(row, known))
    if faults:
        return faults
    assert known.offer is not None
    assert known.customer is not None
    as_of, offer = row.as_of or now, pinned_offer(row, known.offer)
    faults += offer_faults(row, offer)
    faults += date_faults(row, as_of, now, pack_of(row, known.offer).longest_pause)
    faults += contradictions(row, known.offer)
    if faults:
        return faults
    placed = _placed(row, offer, as_of)
    if isinstance(placed, list):
        return placed
    term, period = placed
    subscription = _standing(row, known, offer, as_of, term, period)
    faults += usage_faults(row, subscription, now)
    faults += [*_overdue(row, subscription, as_of), *refund_faults(row, subscription, as_of)]
    if faults:
        return faults
    return _begun(row, known.offer, subscription, as_of, by, actor)


def _placed(row: TakeoverRow, offer: PinnedOffer, as_of: datetime) -> tuple[Term | None, int] | list[Fault]:
    """The running term and the last billing period that was charged in it; no term in a trial."""
    if row.term_start is None:
        return None, 0
    term = term_of(row, offer)
    if isinstance(term, list):
        return term
    period = paid_period(row, offer, term, as_of)
    return [period] if isinstance(period, Fault) else (term, period)


def _standing(
    row: TakeoverRow, known: Known, offer: PinnedOffer, as_of: datetime, term: Term | None, period: int
) -> Subscription:
    assert known.offer is not None
    assert known.customer is not None
    account_opened, policy = row.account_opened or known.customer.account_opened, pack_of(row, known.offer)
    first_billing = row.first_billing or row.trial_end or row.first_anchor
    assert first_billing is not None
    holds = tuple(Hold(reason=hold.reason, at=hold.at, by=hold.by, until=hold.until) for hold in row.holds)
    told = retention_ends(holds, policy, account_opened, first_billing)
    subscription = Subscription(
        subscription_id=row.id,
        customer_id=row.customer,
        offer=offer,
        policy=policy,
        roles=row.roles,
        account_opened=account_opened,
        ordered_at=row.ordered_at,
        seq=1,
        last_at=as_of,
        state=row.state,
        quantity=row.quantity,
        add_ons={add_on.id: row.add_ons[add_on.id] for add_on in offer.add_ons if add_on.id in row.add_ons},
        auto_renew=row.auto_renew,
        unit_price=row.unit_price,
        scheduled_cancellation=_cancellation(row),
        scheduled_changes=row.scheduled_changes,
        holds=holds,
        deletes_at=row.deletes_at or told,
        trial_end=row.trial_end,
        first_billing=first_billing,
        anchor=row.first_anchor if term else None,
        term=term,
        period=period,
        paid_through=row.paid_until if term else None,
        catalog_version=known.catalog_version,
        window_from=row.refund_from or row.ordered_at,
    )
    standing = _with_money(row, subscription.with_prices(_prices(row, known.offer, as_of), as_of), as_of)
    return standing.model_copy(update={"announces_at": announcement(standing)})


def _cancellation(row: TakeoverRow) -> ScheduledCancellation | None:
    if row.cancellation_reason is None:
        return None
    assert row.cancellation_at is not None
    return ScheduledCancellation(
        at=row.cancellation_at,
        by=row.cancellation_by or "service",
        reason=row.cancellation_reason,
        details=row.cancellation_details,
    )


def _prices(row: TakeoverRow, offer: ListedOffer, as_of: datetime) -> tuple[PriceFrom, ...]:
    """The coming prices of the row, else those of the catalog from then on (MOV-2, BUY-5)."""
    if row.prices:
        return tuple(PriceFrom(at=price.at, unit_price=price.unit_price) for price in row.prices)
    now = row.unit_price if row.prices is not None else offer.price_at(as_of)
    coming = () if row.prices is not None else offer.coming_prices(as_of)
    changes = (PriceFrom(at=price.at, unit_price=price.unit_price) for price in coming)
    return (PriceFrom(at=as_of, unit_price=now), *changes)


def _with_money(row: TakeoverRow, subscription: Subscription, as_of: datetime) -> Subscription:
    """The subscription with what a credit can give back of what the other system charged (MOV-3)."""
    if subscription.term is None:
        return subscription
    if as_of < subscription.refund_closes and row.refundable is not None:
        places = Decimal(1).scaleb(-EXPONENTS[subscription.offer.currency])
        refundable = {
            line: amount.quantize(places) if fits(amount, subscription.offer.currency) else amount
            for line, amount in row.refundable.items()
        }
        return subscription.model_copy(update={"refundable": refundable})
    # Nobody knows what was paid: the window is closed, so that a cancel does not end what was paid for.
    window = subscription.policy.refund_window(subscription.offer.billing_plan)
    closed = min(subscription.window_from, as_of - window)
    paid = subscription.paid_through is not None and subscription.paid_through > as_of
    rows = period_charges(subscription, as_of) if paid else ()
    return subscription.model_copy(update={"window_from": closed, "refundable": {row.line: row.amount for row in rows}})


_FIELDS = {
    What.TRIAL_END: "trial_end",
    What.CHARGE_PERIOD: "paid_until",
    What.RENEW: "term_start",
    What.EXPIRE: "auto_renew",
    What.DELETE: "deletes_at",
    What.RESUME: "holds",
}


def _overdue(row: TakeoverRow, subscription: Subscription, as_of: datetime) -> Iterator[Fault]:
    """What had to happen by the row's own instant: then the row is of an earlier one."""
    milestone = next_milestone(subscription)
    if milestone is None or milestone.at > as_of:
        return
    field = _FIELDS[milestone.what]
    if field == "deletes_at" and row.deletes_at is None:
        field = "holds"
    due = f"{milestone.what.words!r} was due at {format_instant(milestone.at)} ({milestone.rule})"
    hint = "" if row.as_of else "; if the row is of an earlier instant, give that as as_of"
    got = row.holds[0].at if field == "holds" else getattr(row, field)
    yield Fault((field,), got, f"dates that lie ahead at {format_instant(as_of)}: by this row {due}{hint}")


def _begun(
    row: TakeoverRow, listed: ListedOffer, subscription: Subscription, as_of: datetime, by: str, actor: str | None
) -> Takeover:
    after, term = subscription.facts, subscription.term
    before = after.model_copy(update={"state": State.PENDING, "holds": ()})
    kept = TakenOver(
        row=row_of(subscription, row.reference, row.open_invoices, row.unbilled_usage).model_dump(
            mode="json", exclude_defaults=True
        ),
        charged=subscription.refundable,
        term=term.number if term else 0,
        period=subscription.period,
        paid_through=subscription.paid_through,
    )
    event = Event(
        seq=subscription.seq,
        at=as_of,
        event=EventName.TAKEN_OVER,
        state=subscription.state,
        rule=Rule.MOV_1,
        by=by,
        actor=actor,
        details=f"reference {row.reference}" if row.reference else None,
        before=before,
        after=after,
        taken_over=kept,
    )
    claims = []
    if listed.one_per_customer:
        claims.append(one_per_customer(row.customer, row.offer))
    if row.trial_end is not None:
        claims.append(one_trial(row.customer, row.offer))
    return Takeover(subscription, event, tuple(claims), reports_in(row))
