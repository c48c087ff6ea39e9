"""Usage: what was reported, the billing period and price that it belongs to, and the rows that bill it (USE-2)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from domain.calendar import AnchorRule, Period, boundary
from domain.money import Currency, round_half_up
from domain.subscription.ledger import Kind, LedgerRow, late_usage_key, period_key
from domain.values import ExactDecimal, Frozen, Id, Instant, OmitEmpty


class Usage(Frozen):
    """Units that were used at an instant. `replaced` are the units of the report that it corrects (USE-3)."""

    used_at: Instant
    units: ExactDecimal
    replaced: ExactDecimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        """What it adds to the bill; negative if it takes back more than it reports."""
        return self.units - self.replaced


class Report(Usage):
    """A recorded usage report. `corrects` is the id that it corrects, `corrected_by` that of its own correction.

    `billed_by` is the number of the event that billed it.
    """

    usage_id: str
    corrects: str | None = None
    corrected_by: str | None = None
    billed_by: int | None = None

    @classmethod
    def of(cls, usage_id: str, units: Decimal, used_at: datetime, corrected: "Report | None") -> "Report":
        """A new report; a correction keeps the instant of the report that it corrects (USE-3)."""
        if corrected is None:
            return cls(usage_id=usage_id, units=units, used_at=used_at)
        used_at, replaced = corrected.used_at, corrected.units
        return cls(usage_id=usage_id, units=units, used_at=used_at, replaced=replaced, corrects=corrected.usage_id)


class Unbilled(Frozen):
    """The usage that was not billed as of an instant: at most one entry per billing period."""

    at: Instant
    usage: tuple[Usage, ...] = ()


class PricedTerms(Frozen):
    """Terms that follow each other from one anchor, at one unit price (BUY-5).

    `number` is that of the first term, and `months_in` counts the months from the anchor to its start.
    """

    number: int
    anchor: Instant
    months_in: int
    start: Instant
    end: Instant
    unit_price: ExactDecimal

    def followed_by(self, following: "PricedTerms") -> "tuple[PricedTerms, ...]":
        """Both, as one if they have the same anchor and price."""
        if (following.anchor, following.unit_price) == (self.anchor, self.unit_price):
            return (self.model_copy(update={"end": following.end}),)
        return (self, following)


class UsedIn(Frozen):
    """The billing period in which something was used, and its price."""

    term: int
    number: int
    period: Period
    unit_price: ExactDecimal


class UsageCharge(Frozen):
    """A charge for usage, whose units only the books know: the unbilled units that were used between the bounds.

    `used_from` excludes usage in the trial (SUS-10). `used_before` is None if all usage that is left is billed. What
    was used in `period` has `key`; what belongs to an earlier one of `terms` gets a row with that one's period and
    price, and with the number of the event, `seq`, in its key (USE-2). With `late_only` every row is of that kind. A
    charge without `terms`, as earlier versions wrote them, has one row for all.
    """

    at: Instant
    line: str
    unit_price: ExactDecimal
    currency: Currency
    period: Period
    used_from: Instant
    used_before: Instant | None
    key: str
    tax_class: OmitEmpty[Id | None] = None
    seq: int = 0
    terms: tuple[PricedTerms, ...] = ()
    anchor_rule: AnchorRule = AnchorRule.CLAMP
    term_months: int = 1
    period_months: int = 1
    late_only: bool = False

    def counts(self, used_at: datetime) -> bool:
        """Whether the charge includes what was used then."""
        return used_at >= self.used_from and (self.used_before is None or used_at < self.used_before)

    def by_period(self, usage: Iterable[Usage]) -> Iterator[tuple[UsedIn, list[Usage]]]:
        """The usage that the charge includes, by billing period, the oldest first."""
        found: list[Usage] = []
        used_in: UsedIn | None = None
        for one in sorted((one for one in usage if self.counts(one.used_at)), key=lambda one: one.used_at):
            if used_in is None or (self.terms and one.used_at >= used_in.period.end):
                if used_in is not None:
                    yield used_in, found
                used_in, found = self._used_in(one.used_at), []
            found.append(one)
        if used_in is not None:
            yield used_in, found

    def rows(self, usage: Iterable[Usage]) -> tuple[LedgerRow, ...]:
        """One ledger row per billing period, the oldest first; none for an amount of zero (USE-2, MON-2)."""
        made = (self._row(used_in, _net(found)) for used_in, found in self.by_period(usage))
        return tuple(row for row in made if row is not None)

    def summed(self, usage: Iterable[Usage]) -> tuple[Usage, ...]:
        """The usage that the charge includes, as one entry per billing period."""
        return tuple(
            Usage(
                used_at=found[0].used_at,
                units=sum((one.units for one in found), Decimal(0)),
                replaced=sum((one.replaced for one in found), Decimal(0)),
            )
            for _, found in self.by_period(usage)
        )

    def _used_in(self, used_at: datetime) -> UsedIn:
        """The billing period that contains the instant, counted in the terms that had begun by then."""
        if not self.terms:
            return UsedIn(term=0, number=0, period=self.period, unit_price=self.unit_price)
        terms = next((each for each in reversed(self.terms) if each.start <= used_at), self.terms[0])
        step = self.period_months
        months = (used_at.year - terms.anchor.year) * 12 + used_at.month - terms.anchor.month
        # The boundary lies in the month that the count leads to, perhaps after the instant.
        count = max(0, (months - terms.months_in) // step - 1)
        while self._boundary(terms, count + 1) <= used_at:
            count += 1
        term, number = divmod(count * step, self.term_months)
        period = Period(start=self._boundary(terms, count), end=self._boundary(terms, count + 1))
        return UsedIn(term=terms.number + term, number=number // step + 1, period=period, unit_price=terms.unit_price)

    def _boundary(self, terms: PricedTerms, count: int) -> datetime:
        return boundary(terms.anchor, terms.months_in + count * self.period_months, self.anchor_rule)

    def _row(self, used_in: UsedIn, net: Decimal) -> LedgerRow | None:
        amount = round_half_up(Fraction(used_in.unit_price) * Fraction(abs(net)), self.currency)
        if not amount:
            return None
        kind = Kind.CHARGE if net > 0 else Kind.CREDIT
        key = period_key(used_in.term, used_in.number, self.line)
        if not self.terms:
            key = self.key
        elif self.late_only or key != self.key or kind is Kind.CREDIT:
            key = late_usage_key(self.seq, used_in.term, used_in.number, kind, self.line)
        # The running period ends with a subscription that ends within it.
        period = self.period if used_in.period.start == self.period.start else used_in.period
        return LedgerRow(
            at=self.at,
            kind=kind,
            line=self.line,
            quantity=abs(net),
            amount=amount,
            currency=self.currency,
            period=period,
            key=key,
            tax_class=self.tax_class,
        )


def _net(usage: Iterable[Usage]) -> Decimal:
    return sum((one.net for one in usage), Decimal(0))
