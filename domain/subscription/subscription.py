"""The subscription: everything that decisions need to know about it, as one frozen value."""

from datetime import datetime
from decimal import Decimal

from pydantic import JsonValue

from domain.calendar import Period, boundary, period_between
from domain.catalog.offers import PinnedOffer
from domain.policy import PolicyPack
from domain.roles import RolePreset
from domain.subscription.access import Gap
from domain.subscription.events import Facts, State
from domain.subscription.holds import Hold
from domain.subscription.scheduled import PriceFrom, ScheduledCancellation, ScheduledChanges
from domain.subscription.usage import PricedTerms, Unbilled
from domain.values import ExactDecimal, Frozen, Instant


class Term(Frozen):
    """A commitment `[start, end)`. `months_in` counts the months from the anchor to its start (TIM-7)."""

    number: int
    start: Instant
    end: Instant
    months_in: int


class QuantityChange(Frozen):
    """The last change of the quantity, which the publisher may reject until its billing period ends (MON-4).

    `seq` is the number of its event, `before` the quantity that it replaced, `period_end` the end of the period. A
    rejection is a change too: `rejects` is the number of the event that it undid.
    """

    seq: int
    before: int
    period_end: Instant
    rejects: int | None = None


Changes = dict[str, JsonValue]
"""Fields of a snapshot, ready for JSON."""


class Snapshot(Frozen):
    """The part of a subscription that neither its journal and ledger show nor its first record.

    `policy` is pinned for the term; `next_policy`, a newer version, applies from the next term on (BUY-5). What was
    ordered to begin later begins at `begins_at`, also if its publisher has `activated` it before (BUY-6). `term` is
    None while pending and in trial; its renewal is announced at `announces_at` (REN-5). `period` numbers the billing
    period at the last event, from 1 within its term. `deletes_at` is when the retention ends, which counts only if
    nothing ends it before (`ends.deleted_at`). `paid_through` is the end of the last charged licence period. `prices`
    are the known prices of coming terms, by instant; `catalog_version` is the newest catalog that sent them. The refund
    window opened at `window_from` (CXL-4).

    Usage offers alone have the rest (USE-1, USE-2). `past` are the terms before the running one, by price, and `gaps`
    the times without access. `ended_at` is when it ended; from `usage_closed` on no more usage is taken. `unbilled` is
    the usage that the books counted while suspended or after the end, or None if it is not counted.
    """

    policy: PolicyPack
    next_policy: PolicyPack | None = None
    roles: RolePreset = RolePreset.DEFAULT
    account_opened: Instant
    seq: int = 0
    last_change: QuantityChange | None = None
    scheduled_cancellation: ScheduledCancellation | None = None
    scheduled_changes: ScheduledChanges = {}
    holds: tuple[Hold, ...] = ()
    deletes_at: Instant | None = None
    begins_at: Instant | None = None
    activated: bool = False
    trial_end: Instant | None = None
    first_billing: Instant | None = None
    anchor: Instant | None = None
    term: Term | None = None
    announces_at: Instant | None = None
    period: int = 0
    paid_through: Instant | None = None
    prices: tuple[PriceFrom, ...] = ()
    catalog_version: int = 0
    window_from: Instant
    past: tuple[PricedTerms, ...] = ()
    gaps: tuple[Gap, ...] = ()
    ended_at: Instant | None = None
    usage_closed: bool = False
    unbilled: Unbilled | None = None

    def changes_since(self, before: "Snapshot | None") -> Changes:
        """The fields that differ from an earlier snapshot; without one, all that are not None."""
        names = set(Snapshot.model_fields)
        if before is not None:
            now, then = self.__dict__, before.__dict__
            names = {name for name in names if now[name] is not then[name] and now[name] != then[name]}
        return self.model_dump(mode="json", include=names, exclude_none=before is None)


class Subscription(Snapshot):
    """A subscription at one moment. `refundable` is, per line, charges less credits since the window opened (CXL-5)."""

    subscription_id: str
    customer_id: str
    offer: PinnedOffer
    ordered_at: Instant
    state: State = State.PENDING
    last_at: Instant
    quantity: int
    add_ons: dict[str, int]
    auto_renew: bool = True
    unit_price: ExactDecimal
    refundable: dict[str, ExactDecimal] = {}

    @property
    def facts(self) -> Facts:
        """The facts that the journal records before and after each event."""
        return Facts(
            state=self.state,
            auto_renew=self.auto_renew,
            quantity=self.quantity,
            add_ons=self.add_ons,
            holds=tuple(hold.reason for hold in self.holds),
            unit_price=self.unit_price,
            scheduled_changes=self.scheduled_changes,
        )

    @property
    def renewed_quantities(self) -> tuple[int, dict[str, int]]:
        """The quantity and the add-ons of the next term (REN-4)."""
        add_ons = {**self.add_ons, **self.scheduled_changes}
        return add_ons.pop(self.offer.id, self.quantity), {line: number for line, number in add_ons.items() if number}

    @property
    def commitment_end(self) -> datetime | None:
        """The end of the running term, or of the trial if no term has begun."""
        return self.term.end if self.term else self.trial_end

    @property
    def refund_closes(self) -> datetime:
        """The first instant at which a cancellation is no longer credited (CXL-4)."""
        return self.window_from + self.policy.refund_window(self.offer.billing_plan)

    @property
    def usage_closes(self) -> datetime | None:
        """The first instant at which no more usage is taken; None before the end, and for licence offers (USE-1)."""
        return self.ended_at + self.policy.late_usage if self.ended_at else None

    @property
    def counts_usage(self) -> bool:
        """Whether unbilled usage decides what comes next: none is added but what is reported late (USE-1, SUS-10)."""
        stopped = self.state is State.SUSPENDED or self.state.ended
        return stopped and self.offer.metered and self.term is not None

    @property
    def priced_terms(self) -> tuple[PricedTerms, ...]:
        """All terms up to the running one, which must have begun, by price (BUY-5)."""
        term = self.term
        assert term is not None
        assert self.anchor is not None
        running = PricedTerms(
            number=term.number,
            anchor=self.anchor,
            months_in=term.months_in,
            start=term.start,
            end=term.end,
            unit_price=self.unit_price,
        )
        return (*self.past[:-1], *self.past[-1].followed_by(running)) if self.past else (running,)

    def lapsed(self, now: datetime) -> bool:
        """Whether the term or trial ended while suspended, so that nothing is left to renew (LIF-3)."""
        end = self.commitment_end
        return self.state is State.SUSPENDED and end is not None and now >= end

    def waits_to_begin(self, now: datetime) -> bool:
        """Whether the instant that it was ordered to begin at has not come yet (BUY-6)."""
        return self.begins_at is not None and now < self.begins_at

    def in_free_trial(self, now: datetime) -> bool:
        """Whether the trial is running, suspended or not (SUS-8)."""
        return self.term is None and self.trial_end is not None and now < self.trial_end

    def quantity_rejectable(self, now: datetime) -> bool:
        """Whether the publisher may reject the last change of the quantity, or has already done so (MON-4)."""
        last = self.last_change
        return last is not None and (now < last.period_end or last.rejects is not None)

    def boundary(self, months: int) -> datetime:
        """The boundary `months` months after the anchor, which must be set."""
        assert self.anchor is not None
        return boundary(self.anchor, months, self.offer.anchor_rule)

    def billing_period(self, number: int) -> Period:
        """The billing period of that number in the running term; after its last one, the period that would follow."""
        assert self.term is not None
        assert self.anchor is not None
        first = self.term.months_in + (number - 1) * (step := self.offer.months_per_period)
        return period_between(self.anchor, first, first + step, self.offer.anchor_rule)

    def period_at(self, now: datetime) -> int:
        """The number, in the running term, of the billing period that contains the instant."""
        number = max(self.period, 1)
        while self.billing_period(number).end <= now:
            number += 1
        return number

    def period_ending(self, at: datetime) -> int:
        """The number of the billing period that ends at the instant or contains it; at most the first after the term.

        Suspended, a subscription passes the boundaries that bill nothing without an event.
        """
        assert self.term is not None
        number = max(self.period, 1)
        while (period := self.billing_period(number)).end < at and period.start < self.term.end:
            number += 1
        return number

    def coming_prices(self, now: datetime) -> tuple[Decimal, tuple[PriceFrom, ...]]:
        """The price of a term that would begin just after `now`, and the price changes after that (BUY-5)."""
        price = self.price_for(now, including=True)
        changes, running = [], price
        for known in self.prices:
            if known.at > now and known.unit_price != running:
                changes.append(known)
                running = known.unit_price
        return price, tuple(changes)

    def with_prices(self, prices: tuple[PriceFrom, ...], now: datetime) -> "Subscription":
        """The subscription with these prices, in order, in place of those known from their first instant on (BUY-5).

        Prices that no coming term can take are dropped: those already replaced by `now`, and those that change nothing.
        """
        first = prices[0].at
        whole = self.model_copy(update={"prices": (*(p for p in self.prices if p.at < first), *prices)})
        price, changes = whole.coming_prices(now)
        begun = tuple(p for p in whole.prices if p.at <= now)[-1:] if price != self.unit_price else ()
        return self.model_copy(update={"prices": (*begun, *changes)})

    def prices_after(self, instant: datetime, *, including: bool) -> tuple[PriceFrom, ...]:
        """The known prices that are left after a term began at that instant with the price of `price_for`."""
        return tuple(p for p in self.prices if p.at > instant or (p.at == instant and not including))

    def price_for(self, instant: datetime, *, including: bool) -> Decimal:
        """The price of a term that begins then; with `including`, a price from that very instant counts (BUY-5)."""
        price = self.unit_price
        for known in self.prices:
            if known.at < instant or (including and known.at == instant):
                price = known.unit_price
        return price
