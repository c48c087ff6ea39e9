"""A forecast of many subscriptions is what then happens to them, to the cent, if nobody sends a command."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.subscription.ledger import Kind
from domain.subscription.usage import Usage
from statemachines.preview.portfolio import COUNTED, MOST_MONTHS, PortfolioForecast, recurring
from statemachines.preview.simulator import Simulator
from tests.support.instants import TICK
from tests.support.simulated.life import ALife, an_order
from tests.support.simulated.random_lives import RandomLife, lives

YEAR = 12
START = datetime(2026, 2, 10, 12, tzinfo=UTC)


def lived(life: RandomLife) -> tuple[Simulator, datetime]:
    """A random life up to its last command."""
    simulator, now = Simulator(life.order), life.order.at
    for when, wish in life.steps:
        now = min(when.instant(simulator, now), life.end)
        simulator.ask(wish.command(simulator, now), now)
    return simulator, now


def forecast(simulators: Iterable[Simulator], start: datetime, months: int = YEAR) -> PortfolioForecast:
    """The forecast of what the books would have of them: no balance that could be refunded, and the unbilled usage."""
    found = PortfolioForecast.of(start, months)
    for simulator in simulators:
        recorded = simulator.life.subscription.model_copy(update={"refundable": {}})
        unbilled = (each for each in simulator.book.usage.values() if each.billed_by is None)
        found.add(recorded, [Usage(used_at=e.used_at, units=e.units, replaced=e.replaced) for e in unbilled])
    return found


def happened(
    simulators: Iterable[Simulator], start: datetime, until: datetime
) -> dict[tuple[str, str], dict[str, Any]]:
    """What the books then have of each month, by month and currency."""
    found: dict[tuple[str, str], dict[str, Any]] = defaultdict(
        lambda: dict.fromkeys(("charged", "credited"), Decimal(0))
    )
    for simulator in simulators:
        currency = simulator.life.subscription.offer.currency
        for row in simulator.book.rows:
            if start <= row.at < until:
                side = "charged" if row.kind is Kind.CHARGE else "credited"
                found[f"{row.at:%Y-%m}", currency][side] += row.amount
        for event in simulator.book.events:
            if start <= event.at < until and (name := COUNTED.get(event.event)):
                sums = found[f"{event.at:%Y-%m}", currency]
                sums[name] = sums.get(name, 0) + 1
    return found


@settings(max_examples=60)
@given(st.lists(lives, min_size=1, max_size=5))
def test_what_is_forecast_is_what_happens(portfolio: list[RandomLife]) -> None:
    """Any offers, packs, states and usage, each currency by itself."""
    begun = [lived(life) for life in portfolio]
    simulators, start = [simulator for simulator, _ in begun], max(now for _, now in begun)
    for simulator in simulators:
        simulator.advance(start)
    found = forecast(simulators, start + TICK)
    assert found.subscriptions == len(portfolio)
    for place, end in enumerate(found.ends):
        active: dict[str, int] = defaultdict(int)
        per_month: dict[str, Fraction] = defaultdict(Fraction)
        for simulator in simulators:
            simulator.advance(end - TICK)
            subscription = simulator.life.subscription
            active[subscription.offer.currency] += subscription.state.value == "active"
            per_month[subscription.offer.currency] += recurring(subscription)
        for currency, months in found.currencies.items():
            assert (months[place].active, months[place].exact_mrr) == (active[currency], per_month[currency])
    came = happened(simulators, start + TICK, found.ends[-1])
    for currency, months in found.currencies.items():
        for month in months:
            sums = came.pop((month.name, currency), {"charged": 0, "credited": 0})
            assert (month.charged, month.credited) == (sums.pop("charged"), sums.pop("credited"))
            assert {name: getattr(month, name) for name in COUNTED.values() if getattr(month, name)} == sums
    assert not came


def one(life: ALife, months: int = YEAR) -> list[Any]:
    """The months of one subscription, from START on."""
    (found,) = forecast([life.simulator], START, months).currencies.values()
    return found


def test_a_monthly_subscription() -> None:
    """The first month is what is left of it; MRR is as of each month's end."""
    months = one(ALife(an_order({"add_ons": [{"id": "backup", "unit_price": "2.50"}]}, add_ons={"backup": 2})), 3)
    assert [(month.name, month.charged, month.renewals, month.active, month.mrr, month.arr) for month in months] == [
        (name, Decimal("35.00"), 1, 1, Decimal("35.00"), Decimal("420.00"))
        for name in ("2026-02", "2026-03", "2026-04")
    ]


def test_what_is_billed_yearly_or_once_recurs_by_its_months() -> None:
    """Rounded once, after everything is added up."""
    yearly = ALife(an_order({"term": "P1Y", "billing_plan": "annual", "unit_price": "100.00"}, quantity=1))
    once = ALife(an_order({"term": "P3Y", "billing_plan": "one_time", "unit_price": "100.00"}, quantity=1))
    assert recurring(yearly.subscription) == Fraction(100, 12)
    assert recurring(once.subscription) == Fraction(100, 36)
    months = forecast([yearly.simulator, once.simulator], START).currencies["USD"]
    assert (months[0].mrr, months[0].arr) == (Decimal("11.11"), Decimal("133.33"))
    assert [month.charged for month in months if month.charged] == [Decimal("100.00")]
    assert months[11].name == "2027-01"


def test_who_does_not_pay_does_not_recur() -> None:
    trial = ALife(an_order({"trial_days": 30}, at="2026-02-01T00:00:00Z"))
    months = one(trial, 3)
    assert [(month.conversions, month.active, month.mrr) for month in months] == [
        (0, 0, Decimal("0.00")),
        (1, 1, Decimal("30.00")),
        (0, 1, Decimal("30.00")),
    ]
    suspended = ALife()
    suspended.ask("2026-02-01T00:00:00Z", "suspend", reason="fraud")
    months = one(suspended)
    assert sum(month.deletions for month in months) == 1
    assert {(month.charged, month.mrr) for month in months} == {(Decimal("0.00"), Decimal("0.00"))}


def test_who_will_not_renew_recurs_until_the_end() -> None:
    leaving = ALife(an_order({"term": "P1Y", "billing_plan": "monthly"}, at="2025-04-15T09:00:00Z"))
    leaving.ask("2026-02-01T00:00:00Z", "cancel")
    months = one(leaving)
    assert [month.mrr for month in months[:3]] == [Decimal("30.00"), Decimal("30.00"), Decimal("0.00")]
    assert [month.name for month in months if month.expiries] == ["2026-04"]


def test_usage_is_billed_but_does_not_recur() -> None:
    """Only what is reported already, at the end of its period."""
    metered = ALife(an_order({"billing_type": "usage", "unit_price": "0.25"}))
    metered.ask("2026-02-01T00:00:00Z", "report_usage", units=10)
    months = one(metered, 3)
    assert [month.charged for month in months] == [Decimal("2.50"), Decimal("0.00"), Decimal("0.00")]
    assert {month.mrr for month in months} == {Decimal("0.00")}


def test_currencies_are_never_added_up() -> None:
    dollars, yen = ALife(), ALife(an_order({"currency": "JPY", "unit_price": "980"}))
    found = forecast([dollars.simulator, yen.simulator], START, 1).currencies
    assert {currency: months[0].charged for currency, months in found.items()} == {
        "JPY": Decimal("2940"),
        "USD": Decimal("30.00"),
    }


@pytest.mark.parametrize("months", [0, -1, MOST_MONTHS + 1])
def test_the_number_of_months_has_bounds(months: int) -> None:
    with pytest.raises(ValueError, match="takes 1 to 600 months"):
        PortfolioForecast.of(START, months)


def test_nothing_comes_to_nothing() -> None:
    found = PortfolioForecast.of(datetime(2026, 12, 31, 23, 59, tzinfo=UTC), 2)
    assert (found.currencies, found.subscriptions) == ({}, 0)
    assert [f"{end:%Y-%m-%d}" for end in found.ends] == ["2027-01-01", "2027-02-01"]
