"""Published lines beside the formula that Microsoft prints for them and beside ours, and usage rounded down."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from domain.calendar import AnchorRule, Period
from domain.subscription.ledger import Kind, period_key
from domain.subscription.pricing import prorated
from domain.subscription.usage import PricedTerms, Usage, UsageCharge
from tests.published.figures import A_YEAR, MONTH, Source, bought
from tests.published.sources import ANNUAL, CHINA, FAQ, MONTHLY, ONE_TIME, USAGE
from tests.support.instants import instant

STARTS = {28: "2018-02-13", 30: "2019-06-11", 31: "2018-07-15", 365: "2018-01-13"}
"""A purchase whose first period has so many days."""


@dataclass(frozen=True)
class Line:
    """So many licences for some days of a period: as a page has it, by the page's formula, and here."""

    source: Source
    price: str
    quantity: int
    days: int
    of: int
    published: str
    by_formula: str
    ours: str

    def formula(self) -> Decimal:
        """ROUND((ROUND(price * quantity / days of the period, 2) * days) / quantity, 2) * quantity."""
        daily = _rounded(Decimal(self.price) * self.quantity / self.of)
        return _rounded(daily * self.days / self.quantity) * self.quantity

    def here(self) -> Decimal:
        """By MON-4: a change so many days before a period's end."""
        plan = A_YEAR if self.of == 365 else MONTH
        life = bought(STARTS[self.of], self.price, until=STARTS[self.of], offer=plan)()
        at = life.subscription.billing_period(1).end - timedelta(days=self.days)
        (row,) = prorated(life.subscription, Kind.CHARGE, "crm", self.quantity, Decimal(self.price), at, 1)
        return row.amount


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


LINES = (
    Line(MONTHLY, "4.00", 2, 12, 31, "3.10", "3.12", "3.10"),
    Line(MONTHLY, "4.00", 1, 12, 28, "1.72", "1.68", "1.71"),
    Line(ANNUAL, "48.00", 2, 346, 365, "89.96", "89.96", "91.00"),
    Line(ANNUAL, "48.00", 1, 318, 365, "41.34", "41.34", "41.82"),
    Line(ONE_TIME, "4.00", 1, 29, 30, "3.87", "3.77", "3.87"),
    Line(ONE_TIME, "4.00", 2, 29, 30, "7.74", "7.84", "7.73"),
    Line(FAQ, "30.00", 1, 27, 31, "26.14", "26.19", "26.13"),
    Line(FAQ, "30.00", 1, 22, 31, "21.30", "21.34", "21.29"),
    Line(FAQ, "30.00", 1, 17, 31, "16.45", "16.49", "16.45"),
    Line(CHINA, "11.00", 12, 11, 31, "46.84", "46.92", "46.84"),
    Line(CHINA, "11.00", 18, 10, 31, "63.87", "63.90", "63.87"),
)


@dataclass(frozen=True)
class Used:
    """So many units of a meter at 0.868 less 15 percent."""

    source: Source
    units: str
    published: str
    ours: str

    def here(self) -> Decimal:
        """The row of a usage charge, half-up (MON-1)."""
        start: datetime = instant("2020-08-01")
        end = start + timedelta(days=31)
        price = Decimal("0.868") * Decimal("0.85")
        charge = UsageCharge(
            at=end,
            line="meter",
            unit_price=price,
            currency="USD",
            period=Period(start=start, end=end),
            used_from=start,
            used_before=end,
            key=period_key(1, 1, "meter"),
            seq=2,
            terms=(PricedTerms(number=1, anchor=start, months_in=0, start=start, end=end, unit_price=price),),
            anchor_rule=AnchorRule.CLAMP,
            term_months=1,
            period_months=1,
        )
        (row,) = charge.rows([Usage(used_at=start, units=Decimal(self.units))])
        return row.amount


USES = (
    Used(USAGE, "29", "21.39", "21.40"),
    Used(USAGE, "210.950039", "155.63", "155.64"),
    Used(USAGE, "555.950039", "410.17", "410.18"),
)
