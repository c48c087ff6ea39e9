"""What the commands that look ahead print."""

from typing import Any, Generic, TypeVar

from pydantic import Field

from cli.output.subscriptions import Interval
from cli.output.values import Answered, Row, Signed
from domain.money import Currency
from domain.subscription.events import EventName, State
from domain.values import ExactDecimal, Frozen, Instant
from statemachines.subscription.timeline import Milestone

T = TypeVar("T")


class Event(Frozen):
    """An event that would happen."""

    seq: int
    at: Instant
    event: EventName
    state: State
    rule: str


class Course(Frozen):
    """How a subscription goes on, and how it stands at the end."""

    state: State
    auto_renew: bool
    quantity: int
    add_ons: dict[str, int]
    events: list[Event]
    ledger: list[Row]
    access: list[Interval]
    timeline: list[Milestone]


class Both(Frozen, Generic[T]):
    """What happens without the commands alone, and with them alone."""

    removed: list[T]
    added: list[T]


class Sums(Frozen):
    """What ledger rows come to; the difference of two may be below zero."""

    charged: Signed
    credited: Signed
    net: Signed


class Compared(Frozen):
    """Without the commands, with them, and by how much more."""

    currency: Currency
    without: Sums
    with_: Sums = Field(serialization_alias="with")
    difference: Sums


class ComparedMonth(Compared):
    """The lines of one month's invoice."""

    month: str


class AccessDifference(Frozen):
    """When users have access without the commands alone, and with them alone."""

    lost: list[Interval]
    gained: list[Interval]


class Difference(Frozen):
    """What differs."""

    events: Both[Event]
    ledger: Both[Row]
    totals: list[Compared]
    months: list[ComparedMonth]
    access: AccessDifference
    timeline: Both[Milestone]


class WhatIf(Frozen):
    """Commands tried on a copy, beside doing nothing."""

    subscription: str
    now: Instant
    until: Instant
    answers: list[Answered]
    without: Course
    with_: Course = Field(serialization_alias="with")
    difference: Difference


class Month(Frozen):
    """What a month comes to in one currency."""

    month: str
    currency: Currency
    charged: ExactDecimal
    credited: ExactDecimal
    net: Signed
    renewals: int
    conversions: int
    expiries: int
    deletions: int
    cancellations: int
    active: int
    mrr: ExactDecimal
    arr: ExactDecimal


class Months(Frozen):
    """The months in one currency."""

    currency: Currency
    months: list[Month]


class Forecast(Frozen):
    """What subscriptions come to from an instant on."""

    start: Instant = Field(serialization_alias="from")
    to: Instant
    subscriptions: int
    left_out: int
    currencies: list[Months]


class CustomerClock(Frozen):
    """A customer's test clocks after they were advanced, with its living subscriptions."""

    customer: str
    now: Instant
    subscriptions: list[str]


class SubscriptionClock(Frozen):
    """One subscription's test clock after it was advanced; `subscriptions` is empty once it has ended."""

    subscription: str
    now: Instant
    subscriptions: list[str]


class LeftOut(Frozen):
    """A customer whose clocks were not advanced, and why."""

    customer: str
    why: str


class AllClocks(Frozen):
    """The test clocks of every customer who has some."""

    customers: list[CustomerClock]
    left_out: list[LeftOut]


PRINTED: dict[str, Any] = {
    "what-if": WhatIf,
    "forecast": Forecast,
    "clock advance": CustomerClock | SubscriptionClock | AllClocks,
}
"""What each prints."""
