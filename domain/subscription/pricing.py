"""Charges and credits: whole periods, prorated changes, full credits and usage (MON-3, MON-4, CXL-5, SUS-10)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from domain.calendar import Period, days_between
from domain.money import from_minor, round_half_up
from domain.subscription.events import Event, EventName
from domain.subscription.ledger import Kind, LedgerRow, adjustment_key, period_key
from domain.subscription.subscription import Subscription
from domain.subscription.taken_over import charged_before
from domain.subscription.usage import UsageCharge


def licence_lines(subscription: Subscription) -> Iterator[tuple[str, int, Decimal]]:
    """(line, quantity, unit price) of everything charged in advance: the offer first, then its add-ons in order."""
    offer = subscription.offer
    if not offer.metered:
        yield offer.id, subscription.quantity, subscription.unit_price
    for add_on in offer.add_ons:
        if quantity := subscription.add_ons.get(add_on.id, 0):
            yield add_on.id, quantity, add_on.unit_price


def _rows(
    subscription: Subscription,
    kind: Kind,
    at: datetime,
    period: Period,
    lines: Iterable[tuple[str, int, Fraction, str]],
) -> tuple[LedgerRow, ...]:
    """The row of each (line, quantity, exact amount, key), rounded once (MON-1); none for an amount of zero (MON-2)."""
    currency = subscription.offer.currency
    return tuple(
        LedgerRow(
            at=at,
            kind=kind,
            line=line,
            quantity=Decimal(quantity),
            amount=amount,
            currency=currency,
            period=period,
            key=key,
            tax_class=subscription.offer.tax_class,
        )
        for line, quantity, exact, key in lines
        if (amount := round_half_up(exact, currency))
    )


def period_charges(subscription: Subscription, at: datetime) -> tuple[LedgerRow, ...]:
    """The licence charges of the current billing period, in advance (MON-3)."""
    term, number = subscription.term, subscription.period
    assert term is not None
    lines = (
        (line, quantity, Fraction(price) * quantity, period_key(term.number, number, line))
        for line, quantity, price in licence_lines(subscription)
    )
    return _rows(subscription, Kind.CHARGE, at, subscription.billing_period(number), lines)


def prorated(
    subscription: Subscription, kind: Kind, line: str, quantity: int, price: Decimal, at: datetime, seq: int
) -> tuple[LedgerRow, ...]:
    """The row of one line for the days left of the running period, including the day of the change (MON-4)."""
    period = subscription.billing_period(subscription.period_at(at))
    exact = Fraction(price) * quantity * days_between(at, period.end) / days_between(period.start, period.end)
    rest = Period(start=at, end=period.end)
    return _rows(subscription, kind, at, rest, [(line, quantity, exact, adjustment_key(seq, kind, line))])


def rest_of_period(subscription: Subscription, at: datetime, seq: int) -> tuple[LedgerRow, ...]:
    """The charges of all licence lines for the days left of the running period (SUS-6)."""
    return tuple(
        row
        for line, quantity, price in licence_lines(subscription)
        for row in prorated(subscription, Kind.CHARGE, line, quantity, price, at, seq)
    )


def full_credit(subscription: Subscription, at: datetime, seq: int) -> tuple[LedgerRow, ...]:
    """Credits for everything charged and not yet credited, one row per line: the order nets to zero (CXL-5).

    The row of an add-on that was removed has quantity 0 (ELG-8).
    """
    if subscription.term is None:
        return ()
    period = subscription.billing_period(subscription.period_at(at))
    offer, left = subscription.offer, subscription.refundable
    quantities = {line: quantity for line, quantity, _ in licence_lines(subscription)}
    lines = (
        (line, quantities.get(line, 0), Fraction(left.get(line, 0)), adjustment_key(seq, Kind.CREDIT, line))
        for line in (offer.id, *(add_on.id for add_on in offer.add_ons))
    )
    return _rows(subscription, Kind.CREDIT, at, period, lines)


def refundable_after(balance: Mapping[str, Decimal], rows: Iterable[LedgerRow]) -> dict[str, Decimal]:
    """What a full credit would give back per line, after these rows (CXL-5)."""
    after = dict(balance)
    for row in rows:
        before = after.get(row.line, from_minor(0, row.currency))
        after[row.line] = before + row.amount if row.kind is Kind.CHARGE else before - row.amount
    return after


def refundable_in(events: Sequence[Event], window_from: datetime) -> dict[str, Decimal]:
    """What a full credit would give back per line after the events of a journal, whole and in order (CXL-5).

    What came before the renewal that opened the running refund window is not given back. Else a subscription that was
    taken over has what counts as charged before (MOV-3).
    """
    renewals = (e.seq for e in events if e.event is EventName.RENEWED and e.at == window_from)
    opened_by = max(renewals, default=0)
    before = {} if opened_by else charged_before(events[0].taken_over if events else None)
    return refundable_after(before, (row for event in events if event.seq >= opened_by for row in event.rows))


def usage_charge(
    subscription: Subscription, at: datetime, *, final: bool = False, late_only: bool = False
) -> tuple[UsageCharge, ...]:
    """The charge for unbilled usage that an event at that instant bills; none in the trial (SUS-10).

    It has the rows of earlier periods (USE-2), then the one of the billing period that ends or runs then. `final`
    includes all that is left; `late_only` is for after the end, when every period has had its milestone.
    """
    offer, term = subscription.offer, subscription.term
    if not offer.metered or term is None or subscription.first_billing is None:
        return ()
    number = subscription.period_ending(at)
    period = subscription.billing_period(number)
    return (
        UsageCharge(
            at=at,
            line=offer.id,
            unit_price=subscription.unit_price,
            currency=offer.currency,
            tax_class=offer.tax_class,
            period=Period(start=period.start, end=max(period.start, min(subscription.ended_at or at, period.end))),
            used_from=subscription.first_billing,
            used_before=None if final or late_only else at,
            key=period_key(term.number, number, offer.id),
            seq=subscription.seq + 1,
            terms=subscription.priced_terms,
            anchor_rule=offer.anchor_rule,
            term_months=offer.term.months,
            period_months=offer.months_per_period,
            late_only=late_only,
        ),
    )


def unbilled_rows(subscription: Subscription, at: datetime, *, late_only: bool = False) -> bool:
    """Whether the usage that the books counted would give a row if it was billed at that instant."""
    usage = subscription.unbilled.usage if subscription.unbilled else ()
    return any(charge.rows(usage) for charge in usage_charge(subscription, at, late_only=late_only))


def billed_while_suspended(subscription: Subscription, at: datetime) -> bool:
    """Whether the boundary at `at` bills anything while suspended: usage, or licences if the policy pack says so."""
    term = subscription.term
    assert term is not None
    if subscription.policy.bill_while_suspended and at < term.end:
        following = subscription.model_copy(update={"period": subscription.period_ending(at) + 1})
        if period_charges(following, at):
            return True
    return unbilled_rows(subscription, at)
