"""A published example, lived here: what the page says it comes to, what it comes to here, and why they differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.subscription.ledger import Kind, LedgerRow
from domain.subscription.pricing import prorated
from domain.values import format_decimal
from tests.support.instants import instant
from tests.support.simulated.life import ALife, an_order

Reading = Callable[[ALife], str]
"""Takes one figure from a life: an amount with its sign (a credit is negative), a day, or a span of days."""

Fields = Mapping[str, object]
Asked = tuple[str, str, Fields]
"""The day of a command, its name and its fields."""

MONTH: Fields = {"billing_plan": "monthly", "term": "P1M"}
A_YEAR: Fields = {"billing_plan": "annual", "term": "P1Y"}


@dataclass(frozen=True)
class Source:
    """A page of Microsoft's, in the edition that was read."""

    title: str
    edition: str
    address: str


@dataclass(frozen=True)
class Figure:
    """One figure of an example. `apart` is theirs less ours, of amounts; `why` is empty where both are the same."""

    what: str
    theirs: str
    ours: str
    read: Reading
    apart: str = ""
    why: str = ""

    @property
    def same(self) -> bool:
        """Whether the two figures are one."""
        return self.theirs == self.ours


@dataclass(frozen=True)
class Example:
    """An example of a page, and the life that it is here."""

    source: Source
    name: str
    live: Callable[[], ALife]
    figures: tuple[Figure, ...]


def same(what: str, figure: str, read: Reading) -> Figure:
    """A figure that is the page's and ours."""
    return Figure(what, figure, figure, read)


def noon(day: str) -> datetime:
    """An instant of that day, later than the order's: days count as dates (MON-4)."""
    return instant(f"{day}T12:00:00Z")


def bought(
    day: str, price: str, *asked: Asked, until: str, quantity: int = 1, offer: Fields | None = None
) -> Callable[[], ALife]:
    """A life of a year billed monthly unless the offer says otherwise, with what is asked of it on which day."""

    def live() -> ALife:
        terms = {"term": "P1Y", "unit_price": price, **(offer or {})}
        life = ALife(an_order(terms, at=f"{day}T09:00:00Z", quantity=quantity))
        for asked_on, do, fields in asked:
            life.ask(noon(asked_on), do, **fields)
        return life.until(noon(until))

    return live


def _signed(row: LedgerRow) -> Decimal:
    return -row.amount if row.kind is Kind.CREDIT else row.amount


def row(number: int) -> Reading:
    """The ledger row of that number, from 1."""
    return lambda life: format_decimal(_signed(life.simulator.book.rows[number - 1]))


def total(first: str, last: str) -> Reading:
    """Charges less credits, dated from the one day to the other."""
    span = date.fromisoformat(first), date.fromisoformat(last)

    def read(life: ALife) -> str:
        rows = [row for row in life.simulator.book.rows if span[0] <= row.at.date() <= span[1]]
        return format_decimal(sum((_signed(row) for row in rows), Decimal("0.00")))

    return read


def used(number: int, rebilled: int) -> Reading:
    """What stays charged of a row once a later one has credited its days left."""

    def read(life: ALife) -> str:
        rows = life.simulator.book.rows
        return format_decimal(_signed(rows[number - 1]) + _signed(rows[rebilled - 1]))

    return read


def days(number: int) -> Reading:
    """The span of days that the row is for, its last day included."""

    def read(life: ALife) -> str:
        period = life.simulator.book.rows[number - 1].period
        return f"{period.start.date()} to {(period.end - timedelta(days=1)).date()}"

    return read


def charged_on(number: int) -> Reading:
    """The day that the row is dated."""
    return lambda life: life.simulator.book.rows[number - 1].at.date().isoformat()


def renews_on(life: ALife) -> str:
    """The day on which the running term ends."""
    assert life.subscription.commitment_end is not None
    return life.subscription.commitment_end.date().isoformat()


def days_left_from(day: str, price: str, quantity: int = 1, sign: str = "") -> Reading:
    """What the days left of the running period come to by MON-4, whether or not anything asks for it."""

    def read(life: ALife) -> str:
        (found,) = prorated(life.subscription, Kind.CHARGE, "crm", quantity, Decimal(price), noon(day), 1)
        return f"{sign}{found.amount:f}"

    return read
