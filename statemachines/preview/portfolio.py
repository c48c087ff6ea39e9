"""What many subscriptions come to month by month, if nobody sends a command: charges, endings, recurring revenue."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from domain.account.terms import month_end
from domain.money import from_minor, round_half_up
from domain.subscription.events import EventName, State
from domain.subscription.ledger import Kind
from domain.subscription.pricing import licence_lines
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Usage
from statemachines.preview.simulator import Simulator
from statemachines.subscription.life import Life, LifeSteps

MOST_MONTHS = 600
"""How many months a forecast may have."""
COUNTED = {
    EventName.RENEWED: "renewals",
    EventName.CONVERTED: "conversions",
    EventName.EXPIRED: "expiries",
    EventName.DELETED: "deletions",
    EventName.CANCELLED: "cancellations",
}
"""The events that are counted, and by which name."""


def recurring(subscription: Subscription) -> Fraction:
    """What the subscription brings in per month, exactly: the monthly recurring revenue (MRR).

    The licence lines of a billing period (quantity times unit price, add-ons included) divided by its months. Only a
    subscription that is active counts: not one that is pending, in trial, suspended or ended. One that will not renew
    counts until it ends. Usage is not recurring.
    """
    if subscription.state is not State.ACTIVE:
        return Fraction(0)
    price = sum((Fraction(price) * quantity for _, quantity, price in licence_lines(subscription)), Fraction(0))
    return price / subscription.offer.months_per_period


def months_from(start: datetime, count: int) -> list[datetime]:
    """The ends of that many calendar months (UTC), of which the first is what is left of the one with `start`."""
    ends: list[datetime] = []
    for _ in range(count):
        ends.append(month_end(ends[-1] if ends else start))
    return ends


@dataclass
class MonthSums:
    """What a month comes to in one currency.

    `charged` and `credited` are the ledger rows dated in the month. `active` counts the subscriptions that are active
    at its end, and `exact_mrr` is what they bring in per month by then.
    """

    start: datetime
    end: datetime
    currency: str
    charged: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    renewals: int = 0
    conversions: int = 0
    expiries: int = 0
    deletions: int = 0
    cancellations: int = 0
    active: int = 0
    exact_mrr: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        self.charged = self.credited = from_minor(0, self.currency)

    @property
    def name(self) -> str:
        """Such as `2027-01`."""
        return f"{self.start:%Y-%m}"

    @property
    def net(self) -> Decimal:
        """Charges less credits."""
        return self.charged - self.credited

    @property
    def mrr(self) -> Decimal:
        """Monthly recurring revenue at the month's end, rounded once (MON-1)."""
        return round_half_up(self.exact_mrr, self.currency)

    @property
    def arr(self) -> Decimal:
        """Annual recurring revenue: twelve times the exact monthly one, rounded once (MON-1)."""
        return round_half_up(self.exact_mrr * 12, self.currency)


@dataclass
class PortfolioForecast:
    """What subscriptions come to from an instant on, month by month, each currency by itself.

    `subscriptions` were counted in; `left_out` were not, because they cannot be read or too little of them is recorded.
    """

    start: datetime
    ends: list[datetime]
    subscriptions: int = 0
    left_out: int = 0
    _steps: LifeSteps = field(default_factory=LifeSteps, repr=False)
    _sums: dict[str, list[MonthSums]] = field(default_factory=dict)

    @classmethod
    def of(cls, start: datetime, months: int) -> "PortfolioForecast":
        """An empty forecast of that many calendar months, of which the first is what is left of the one with `start`.

        Raises ValueError for less than one month or more than MOST_MONTHS.
        """
        if not 1 <= months <= MOST_MONTHS:
            raise ValueError(f"takes 1 to {MOST_MONTHS} months")
        return cls(start, months_from(start, months))

    @property
    def currencies(self) -> dict[str, list[MonthSums]]:
        """The months by currency, in the order of the currencies' codes."""
        return dict(sorted(self._sums.items()))

    def add(self, subscription: Subscription, usage: Iterable[Usage] = ()) -> None:
        """Count in a subscription as its last event left it, with the usage that is not billed yet."""
        self.subscriptions += 1
        life = Life(subscription=subscription, accepted_at=subscription.last_at)
        simulator = Simulator.resumed(life, self._steps, usage)
        currency = subscription.offer.currency
        if currency not in self._sums:
            self._sums[currency] = list(self._empty(currency))
        simulator.advance(self.start - timedelta.resolution)
        book = simulator.book
        events, rows = len(book.events), len(book.rows)
        per_month = recurring(simulator.life.subscription)
        for month in self._sums[currency]:
            simulator.advance(month.end - timedelta.resolution)
            if len(book.events) > events:
                per_month = recurring(simulator.life.subscription)
            for event in book.events[events:]:
                if name := COUNTED.get(event.event):
                    setattr(month, name, getattr(month, name) + 1)
            for row in book.rows[rows:]:
                if row.kind is Kind.CHARGE:
                    month.charged += row.amount
                else:
                    month.credited += row.amount
            events, rows = len(book.events), len(book.rows)
            month.active += simulator.life.subscription.state is State.ACTIVE
            month.exact_mrr += per_month

    def _empty(self, currency: str) -> Iterator[MonthSums]:
        for start, end in zip([self.start, *self.ends], self.ends, strict=False):
            yield MonthSums(start, end, currency)
