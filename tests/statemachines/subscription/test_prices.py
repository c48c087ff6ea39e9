"""BUY-5: the catalog's prices are carried as a schedule, and each renewal takes the one that holds just before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import AnchorRule, boundary
from domain.catalog.offers import Price
from domain.subscription.commands import ChangePrice
from domain.subscription.decision import Answer
from domain.subscription.events import EventName
from domain.values import format_instant
from statemachines.preview.simulator import Simulator
from statemachines.subscription.narrative import headline, later_prices
from statemachines.subscription.timeline import What, timeline
from tests.support.instants import DAY, TICK, instant
from tests.support.simulated.life import LIVING, ORDERED, ALife, Facts, an_order, told

FIRST, SECOND, THIRD = "2026-02-15T09:00:00Z", "2026-03-15T09:00:00Z", "2026-04-15T09:00:00Z"


def a_price(at: str | datetime, unit_price: str) -> Facts:
    """One entry of a schedule, as data."""
    return {"at": format_instant(instant(at)), "unit_price": unit_price}


def charges(life: ALife) -> list[str]:
    """What each term's licences were charged, one licence."""
    return [row.split()[3] for row in life.until("2026-05-01").rows]


def one(prices: Sequence[Facts] = (), catalog_version: int = 0) -> ALife:
    """One licence, monthly, at USD 10.00."""
    return ALife(an_order(quantity=1, prices=prices, catalog_version=catalog_version))


def test_a_schedule_is_told_as_a_whole_and_each_renewal_takes_its_own() -> None:
    life = one()
    later = [a_price("2026-03-01", "12.00"), a_price("2026-04-01", "13.00")]
    answer = life.ask("2026-02-01", "change_price", unit_price="11.00", holds_from="2026-01-20T00:00:00Z", later=later)
    assert told(answer) == "done BUY-5"
    assert answer.message == (
        "From the next term the price is USD 11.00 per unit; for terms that begin after 2026-03-01T00:00:00Z it is "
        "USD 12.00; for terms that begin after 2026-04-01T00:00:00Z it is USD 13.00."
    )
    assert charges(life) == ["10.00", "11.00", "12.00", "13.00"]
    assert life.names.count("price_scheduled") == 1


def test_the_orders_own_coming_prices_are_such_a_schedule() -> None:
    life = one(prices=[a_price("2026-03-01", "12.00")], catalog_version=4)
    assert charges(life) == ["10.00", "10.00", "12.00", "12.00"]
    assert life.subscription.catalog_version == 4


def test_a_price_that_the_next_renewal_is_too_early_for_is_named_beside_the_timeline() -> None:
    life = one(prices=[a_price("2026-02-01", "11.00"), a_price("2026-03-01", "12.00")])
    now = instant("2026-01-20")
    life.until(now)
    assert later_prices(life.subscription, now) == [
        "USD 12.00 a unit, from the first renewal after 2026-03-01 00:00:00 UTC"
    ]
    life.until(instant("2026-02-20"))
    assert later_prices(life.subscription, instant("2026-02-20")) == []
    assert "USD 12.00 a unit, 11.00 until then" in headline(
        LIVING.lifecycle, life.subscription, timeline(life.subscription, instant("2026-02-20"))[-1]
    )


@pytest.mark.parametrize(
    ("late", "prices"),
    [
        (-TICK, ["10.00", "11.00", "11.00", "11.00"]),
        (0 * TICK, ["10.00", "10.00", "11.00", "11.00"]),
        (TICK, ["10.00", "10.00", "11.00", "11.00"]),
    ],
)
def test_one_that_begins_at_the_very_instant_of_a_renewal_holds_from_the_next(
    late: timedelta, prices: list[str]
) -> None:
    life = one(prices=[a_price(instant(FIRST) + late, "11.00")])
    assert charges(life) == prices


@pytest.mark.parametrize("holds_from", ["2026-01-20T00:00:00Z", FIRST])
def test_one_that_is_learned_late_holds_from_the_next_renewal(holds_from: str) -> None:
    """Begun before the last renewal or at it, told after it."""
    life = one()
    later = [a_price(instant(FIRST) + DAY, "12.00")]
    life.ask("2026-02-20", "change_price", unit_price="11.00", holds_from=holds_from, later=later)
    assert charges(life) == ["10.00", "10.00", "12.00", "12.00"]


def test_what_is_told_replaces_what_was_known_from_its_instant_on_and_nothing_before() -> None:
    known = [a_price("2026-02-10", "11.00"), a_price("2026-03-10", "12.00"), a_price("2026-04-10", "13.00")]
    life = one(prices=known)
    life.ask("2026-02-01", "change_price", unit_price="9.00", holds_from="2026-03-01T00:00:00Z")
    assert charges(life) == ["10.00", "11.00", "9.00", "9.00"]


def test_without_the_new_fields_it_holds_from_its_own_instant_and_for_good() -> None:
    life = one(prices=[a_price("2026-03-10", "12.00")])
    assert told(life.ask("2026-02-01", "change_price", unit_price="11.00")) == "done BUY-5"
    assert charges(life) == ["10.00", "11.00", "11.00", "11.00"]


@pytest.mark.parametrize("offer", [{"trial_days": 31}, {"setup": "publisher"}])
def test_a_first_term_keeps_the_ordered_price(offer: Facts) -> None:
    life = ALife(an_order(offer, quantity=1, prices=[a_price("2026-02-01", "12.00")]))
    if "setup" in offer:
        life.ask("2026-02-10", "activate")
    life.until(FIRST)
    (renewal,) = [m for m in timeline(life.subscription, life.now) if m.what is What.RENEW]
    assert renewal.why == "a new term of P1M begins at 12.00 USD a unit"
    assert charges(life) == ["10.00", "12.00", "12.00"]


def test_the_timer_says_what_is_charged_until_then_and_from_then_on() -> None:
    life = ALife(an_order(prices=[a_price("2026-02-01", "12")]))
    assert renewal_line(life) == "Renews: charge USD 36.00 (USD 12.00 a unit, 10.00 until then)"
    assert renewal_line(life.until(FIRST)) == "Renews: charge USD 36.00"
    usage = ALife(an_order({"billing_type": "usage", "unit_price": "0.25"}, prices=[a_price("2026-02-01", "0.30")]))
    assert renewal_line(usage) == "Renews: usage is billed (USD 0.30 a unit, 0.25 until then)"
    below_a_cent = an_order({"unit_price": "0.25025"}, prices=[a_price("2026-02-01", "0.00375")])
    assert renewal_line(ALife(below_a_cent)) == "Renews: charge USD 0.01 (USD 0.00375 a unit, 0.25025 until then)"


def renewal_line(life: ALife) -> str:
    """The renewal as timers and people show it."""
    (renewal,) = [m for m in timeline(life.subscription, life.now) if m.what is What.RENEW]
    return headline(LIVING.lifecycle, life.subscription, renewal)


def test_mon_7_what_changes_no_coming_renewal_is_no_event() -> None:
    life = one(prices=[a_price("2026-03-01", "12.00")], catalog_version=1)
    for fields in (
        {"later": [a_price("2026-03-01", "12.00")]},
        {"later": [a_price("2026-02-10", "10.00"), a_price("2026-03-01", "12"), a_price("2026-04-01", "12.00")]},
        {"later": [a_price("2026-01-25", "99.00"), a_price("2026-01-26", "10"), a_price("2026-03-01", "12.00")]},
    ):
        answer = life.ask("2026-02-01", "change_price", unit_price="10.00", holds_from=ORDERED, **fields)
        assert told(answer) == "unchanged MON-7", fields
    assert answer.message == (
        "The price is already set: from the next term the price is USD 10.00 per unit; for terms that begin after "
        "2026-03-01T00:00:00Z it is USD 12.00."
    )
    assert life.names == ["purchased"]
    assert charges(life) == ["10.00", "10.00", "12.00", "12.00"]


def test_a_message_that_comes_late_does_not_undo_a_newer_catalogs() -> None:
    """Also where the newer one changed nothing here."""
    life = one(catalog_version=1)
    newest = {"unit_price": "10.00", "holds_from": "2026-02-03T00:00:00Z", "catalog_version": 3}
    late = {"unit_price": "12.00", "holds_from": "2026-02-02T00:00:00Z", "catalog_version": 2}
    assert told(life.ask("2026-02-04", "change_price", **newest)) == "unchanged MON-7"
    answer = life.ask("2026-02-05", "change_price", **late)
    assert told(answer) == "unchanged MON-7"
    assert answer.message == "The prices of a newer catalog (version 3) are already known."
    assert told(life.ask("2026-02-06", "change_price", unit_price="13", catalog_version=3)) == "done BUY-5"
    assert told(life.ask("2026-02-07", "change_price", unit_price="14")) == "done BUY-5"
    assert life.subscription.catalog_version == 3


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"unit_price": "11.0000005"}, "unit_price: got '11.0000005'; takes at most 6 decimals (MON-12)"),
        (
            {"later": [a_price("2026-03-01", "12.00"), a_price("2026-04-01", "12.0000005")]},
            "later[1].unit_price: got '12.0000005'; takes at most 6 decimals (MON-12)",
        ),
        (
            {"later": [a_price("2026-04-01", "12.00"), a_price("2026-03-01", "13.00")]},
            "later[1].at: got 2026-03-01T00:00:00Z; takes an instant after the previous entry's (2026-04-01T00:00:00Z)",
        ),
        (
            {"holds_from": "2026-03-01T00:00:00Z", "later": [a_price("2026-03-01", "12.00")]},
            "later[0].at: got 2026-03-01T00:00:00Z; takes an instant after the first price's (2026-03-01T00:00:00Z)",
        ),
        (
            {"later": [a_price("2026-01-31", "12.00")]},
            "later[0].at: got 2026-01-31T00:00:00Z; takes an instant after the first price's (2026-02-01T00:00:00Z)",
        ),
    ],
)
def test_a_price_that_cannot_be_taken_is_refused_by_its_name(fields: Facts, fault: str) -> None:
    life = one(catalog_version=2)
    answer = life.ask("2026-02-01", "change_price", **{"unit_price": "11.00", "catalog_version": 1, **fields})
    assert (told(answer), answer.message) == ("refused BUY-5", f"The price change is not valid: {fault}.")
    assert charges(life)[1] == "10.00"


def test_an_answer_names_a_few_changes_and_counts_the_rest() -> None:
    later = [a_price(instant("2027-01-01") + n * DAY, f"{20 + n}.00") for n in range(100)]
    answer = one().ask("2026-02-01", "change_price", unit_price="11.00", later=later)
    assert answer.message.endswith("after 2027-01-03T00:00:00Z it is USD 22.00; 97 more changes follow.")


def test_the_schedule_holds_only_what_a_coming_term_can_take() -> None:
    life = one()
    later = [
        a_price("2026-01-25", "7"),
        a_price("2026-01-26", "8"),
        a_price("2026-03-01", "8"),
        a_price("2026-04-01", "9"),
    ]
    life.ask("2026-02-01", "change_price", unit_price="6", holds_from=ORDERED, later=later)
    assert kept(life) == [("2026-01-26T00:00:00Z", "8"), ("2026-04-01T00:00:00Z", "9")]
    assert kept(life.until(FIRST)) == [("2026-04-01T00:00:00Z", "9")]
    assert kept(life.until("2026-04-16")) == []


def kept(life: ALife) -> list[tuple[str, str]]:
    """The prices that the subscription carries."""
    return [(format_instant(p.at), f"{p.unit_price:f}") for p in life.subscription.prices]


# Any schedules, told at any time, against an oracle that keeps every message and reads them anew for each instant.

BOUGHT = instant(ORDERED)
RENEWALS = [boundary(BOUGHT, months, AnchorRule.CLAMP) for months in range(1, 15)]
near_renewals = st.builds(
    lambda at, late: at + late, st.sampled_from(RENEWALS), st.sampled_from([-TICK, 0 * TICK, TICK])
)
instants = st.timedeltas(timedelta(0), timedelta(days=420)).map(lambda after: BOUGHT + after) | near_renewals
unit_prices = st.integers(8, 12).map(Decimal)
schedules = st.dictionaries(instants, unit_prices, max_size=4).map(lambda prices: sorted(prices.items()))


@dataclass(frozen=True)
class Message:
    """What the catalog says at an instant, as its version."""

    at: datetime
    holds_from: datetime | None
    unit_price: Decimal
    later: list[tuple[datetime, Decimal]]
    version: int | None

    @property
    def entries(self) -> list[tuple[datetime, Decimal]]:
        """The whole schedule; none of it before its first instant."""
        first = self.holds_from or self.at
        return [(first, self.unit_price), *((at, price) for at, price in self.later if at > first)]

    @property
    def command(self) -> ChangePrice:
        """As the subscription is told it."""
        (_, unit_price), *later = self.entries
        return ChangePrice(
            by="system",
            unit_price=unit_price,
            holds_from=self.holds_from,
            later=tuple(Price(at=at, unit_price=price) for at, price in later),
            catalog_version=self.version,
        )


class Oracle:
    """Everything that was ever said, with no thought for what matters."""

    def __init__(self, entries: list[tuple[datetime, Decimal]]) -> None:
        self.entries = [(at, price) for at, price in entries if at > BOUGHT]
        self.version = 0

    def hear(self, message: Message) -> None:
        """A message replaces all from its first instant on, unless a newer catalog has been heard."""
        version = self.version if message.version is None else message.version
        if version >= self.version:
            self.version = version
            self.entries = [e for e in self.entries if e[0] < message.entries[0][0]] + message.entries

    def price(self, begins: datetime) -> Decimal:
        """Of a term that begins then: the last that holds from before it, else the ordered one."""
        return ([Decimal(10)] + [price for at, price in self.entries if at < begins])[-1]


messages = st.builds(Message, instants, st.none() | instants, unit_prices, schedules, st.none() | st.integers(0, 4))


@given(schedules, st.lists(messages, max_size=6), st.sampled_from([0, 0, 40]))
@settings(max_examples=300)
def test_any_schedule_told_at_any_time(
    ordered: list[tuple[datetime, Decimal]], said: list[Message], trial_days: int
) -> None:
    coming = [a_price(at, f"{price}") for at, price in ordered if at > BOUGHT]
    simulator = Simulator(an_order({"trial_days": trial_days, "unit_price": "10"}, quantity=1, prices=coming), LIVING)
    oracle = Oracle(ordered)
    for message in sorted(said, key=lambda message: message.at):
        renewed_as(simulator, oracle, message.at)
        before = [oracle.price(at) for at in probes(said, ordered, message.at)]
        answer = simulator.ask(message.command, message.at)
        oracle.hear(message)
        after = [oracle.price(at) for at in probes(said, ordered, message.at)]
        assert scheduled(answer) == (after != before), answer.message
    renewed_as(simulator, oracle, RENEWALS[-1])
    assert simulator.life.subscription.term is not None


def probes(said: list[Message], ordered: list[tuple[datetime, Decimal]], now: datetime) -> list[datetime]:
    """Just after now, and just after each instant that was ever named: between two of them no price begins."""
    named = {at for at, _ in ordered} | {at for message in said for at, _ in message.entries}
    return [at + TICK for at in sorted({now, *named}) if at >= now]


def scheduled(answer: Answer) -> bool:
    """Whether it was an event."""
    assert told(answer) in {"done BUY-5", "unchanged MON-7"}
    return told(answer) == "done BUY-5"


def renewed_as(simulator: Simulator, oracle: Oracle, until: datetime) -> None:
    """Live on to the instant: each renewal at the oracle's price, as the timeline named it before."""
    while True:
        subscription = simulator.life.subscription
        shown = next(m for m in timeline(subscription, subscription.last_at) if m.what is not What.REFUND_WINDOW_CLOSES)
        if shown.at > until:
            return
        seen = len(simulator.book.events)
        simulator.advance(shown.at)
        (event,) = simulator.book.events[seen:]
        price = event.after.unit_price
        assert shown.why.endswith(f" begins at {price:.2f} USD a unit")
        assert price == (Decimal(10) if event.event is EventName.CONVERTED else oracle.price(event.at))
