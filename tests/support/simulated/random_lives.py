"""Random lives: offers of every kind under every pack, and commands at random and at boundary instants."""

import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from domain.money import EXPONENTS
from domain.ordering.terms import Order
from domain.policy import PACKS
from domain.roles import Party, Role
from domain.subscription.commands import AnyCommand
from domain.subscription.holds import Reason
from domain.subscription.subscription import Subscription
from domain.values import format_instant
from statemachines.preview.simulator import Simulator
from statemachines.subscription.timeline import What, timeline
from tests.support.instants import DAY, TICK
from tests.support.simulated.life import LIVING, Facts, a_command, an_order

START = datetime(2023, 11, 1, tzinfo=UTC)
HORIZON = timedelta(days=900)
"""How long a life is watched after its order: two leap days' worth of month ends, two terms of a year."""

millionths = st.integers(0, 50_000_000).map(lambda millionth: f"{Decimal(millionth).scaleb(-6):f}")
instants = st.timedeltas(timedelta(0), timedelta(days=500)).map(lambda since: START + since)
month_ends = st.sampled_from([(2024, 1, 31), (2024, 2, 29), (2023, 12, 30), (2024, 3, 29), (2024, 8, 31)]).map(
    lambda day: datetime(*day, 9, tzinfo=UTC)
)


def prices(currency: str) -> st.SearchStrategy[str]:
    """Small prices with every digit that the currency has, or with six decimals (MON-12), and nothing."""
    exponent = EXPONENTS[currency]
    whole = st.integers(0, 5000).map(lambda minor: f"{Decimal(minor).scaleb(-exponent):f}")
    return whole | whole | millionths


@st.composite
def orders(draw: st.DrawFn, straight: bool = False) -> Order:
    """An order of any offer under any pack; a straight one is a partner's, of a year, billed monthly from the start."""
    currency = draw(st.sampled_from(["USD", "JPY", "KWD"]))
    term = draw(st.sampled_from(["P1Y", "P1M", "P1Y", "P1M", "P2Y"]))
    plans = ["monthly", "one_time"] if term == "P1M" else ["monthly", "monthly", "monthly", "annual", "one_time"]
    at = draw(instants | month_ends)
    offer: Facts = {
        "publisher": draw(st.sampled_from(["partner", "partner", "partner", "microsoft"])),
        "billing_type": draw(st.sampled_from(["license", "license", "usage"])),
        "term": term,
        "billing_plan": draw(st.sampled_from(plans)),
        "currency": currency,
        "unit_price": draw(prices(currency)),
        "trial_days": draw(st.sampled_from([0, 0, 30, 1, 14, 0])),
        "setup": draw(st.sampled_from(["none", "none", "none", "publisher", "none"])),
        "add_ons": [{"id": name, "unit_price": draw(prices(currency))} for name in draw(add_on_names)],
        "announce_days": draw(st.sampled_from([0, 7, 0, 30, 60])),
    }
    if straight:
        offer |= {"publisher": "partner", "term": "P1Y", "billing_plan": "monthly", "trial_days": 0, "setup": "none"}
    names = [add_on["id"] for add_on in offer["add_ons"]]  # type: ignore[attr-defined]  # a list, just above
    opened = at - draw(st.timedeltas(timedelta(days=-5), timedelta(days=60)))
    return an_order(
        offer,
        at=format_instant(at),
        begins_at=draw(
            st.none() | st.none() | st.timedeltas(timedelta(0), 90 * DAY).map(lambda ahead: (at + ahead).isoformat())
        ),
        policy=draw(st.sampled_from(sorted(PACKS))),
        quantity=draw(st.integers(1, 40)),
        account_opened=format_instant(opened),
        add_ons={name: draw(st.integers(1, 5)) for name in names if draw(st.booleans())},
    )


add_on_names = st.sampled_from([(), (), ("backup",), ("backup", "audit")])


@dataclass(frozen=True)
class When:
    """An instant that is found when it comes to it: so long after the last, or beside one that the timeline shows."""

    after: timedelta
    milestone: int | None
    jitter: timedelta
    outlives: bool

    def instant(self, simulator: Simulator, now: datetime) -> datetime:
        """Never before now; and mostly, at the latest, the last moment before the life would end."""
        shown = timeline(simulator.life.subscription, now)
        at = now + self.after
        if self.milestone is not None and shown:
            at = shown[self.milestone % len(shown)].at + self.jitter
        last = min((m.at - TICK for m in shown if m.what in ENDS), default=at)
        return max(now, at if self.outlives else min(at, last))


ENDS = {What.ACTIVATION_DEADLINE, What.EXPIRE, What.DELETE}
whens = st.builds(
    When,
    after=st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(hours=1), DAY])
    | st.timedeltas(timedelta(0), timedelta(days=75)),
    milestone=st.integers(0, 7).map(lambda n: None if n < 3 else n),
    jitter=st.sampled_from([-TICK, timedelta(0), timedelta(0), TICK, DAY]),
    outlives=st.integers(0, 9).map(lambda n: n == 5),
)


@dataclass(frozen=True)
class Schedule:
    """Prices that are told with the first: from so long beside now, or beside the next renewal, and in what order."""

    holds_from: timedelta | None
    later: list[tuple[timedelta, int]] | None
    catalog_version: int | None

    def fields(self, subscription: Subscription, at: datetime) -> Facts:
        """As fields of `change_price`; those that are None are left out."""
        end = subscription.commitment_end or at
        fields: Facts = {"catalog_version": self.catalog_version}
        if self.holds_from is not None:
            fields["holds_from"] = format_instant(at + self.holds_from)
        if self.later is not None:
            fields["later"] = [
                {"at": format_instant(end + after), "unit_price": str(price)} for after, price in self.later
            ]
        return {name: value for name, value in fields.items() if value is not None}


beside_a_renewal = st.sampled_from([-DAY, -TICK, timedelta(0), TICK]) | st.timedeltas(DAY, 90 * DAY)
later_prices = st.lists(
    st.tuples(beside_a_renewal, st.integers(0, 60)), max_size=3, unique_by=lambda entry: entry[0]
).map(sorted)
schedules = st.builds(
    Schedule,
    holds_from=st.none() | st.timedeltas(-90 * DAY, 40 * DAY),
    later=st.none() | later_prices,
    catalog_version=st.none() | st.integers(0, 3),
)


@dataclass(frozen=True)
class Wish:
    """What is asked, found when it comes to it: mostly something that is allowed then, by someone who may."""

    choice: int
    anything: bool
    by: str
    arguments: Facts
    schedule: Schedule
    pause: timedelta | None
    do: str | None = None

    def command(self, simulator: Simulator, at: datetime) -> AnyCommand:
        """The command at that instant: the milestones due before are the asker's surprise."""
        ahead = copied(simulator)
        ahead.advance(at)
        subscription = ahead.life.subscription
        allowed = LIVING.lifecycle.allowed(subscription, at)
        often = OFTEN if subscription.term else {**OFTEN, "cancel": 1}
        names = sorted(TAKES) if self.anything or not allowed else [n for n in allowed for _ in range(often.get(n, 1))]
        do = self.do or names[self.choice % len(names)]
        fields = {name: self.arguments[name] for name in TAKES[do]}
        if self.anything and not self.do:
            fields["by"] = self.by
        elif do == "set_auto_renew":
            fields["enabled"] = not subscription.auto_renew
        elif do == "reject_quantity" and (last := subscription.last_change):
            fields["sequence"] = last.seq
        elif do == "set_add_on" and subscription.add_ons and self.choice % 3 == 0:
            fields |= {"add_on": sorted(subscription.add_ons)[0], "quantity": 0}
        if do == "suspend" and self.pause is not None:
            end = subscription.commitment_end
            fields["until"] = format_instant(end if end and not self.pause else at + self.pause)
            fields["reason"] = fields["reason"] if self.anything else Reason.CUSTOMER_REQUEST
        if do == "change_price":
            fields |= self.schedule.fields(subscription, at)
        return a_command(do, **fields)


TAKES: dict[str, list[str]] = {
    "activate": [],
    "cancel": ["reason"],
    "change_price": ["unit_price"],
    "change_quantity": ["quantity", "when"],
    "deprovision": [],
    "reactivate": [],
    "reject_quantity": ["sequence"],
    "report_usage": ["units", "usage_id"],
    "set_add_on": ["add_on", "quantity", "when"],
    "set_auto_renew": ["enabled"],
    "suspend": ["reason"],
    "undo_scheduled_changes": [],
}
OFTEN = {
    "activate": 20,
    "cancel": 9,
    "change_quantity": 3,
    "reactivate": 9,
    "reject_quantity": 2,
    "report_usage": 5,
    "set_add_on": 2,
    "set_auto_renew": 2,
    "suspend": 6,
}
"""Lives that go on are worth more than lives that end early."""

wishes = st.builds(
    Wish,
    choice=st.integers(0, 1000),
    anything=st.integers(0, 6).map(lambda n: n == 3),
    by=st.sampled_from([*Role, *Party]),
    schedule=schedules,
    pause=st.none() | st.sampled_from([timedelta(0), TICK, 30 * DAY, 90 * DAY]) | st.timedeltas(TICK, 100 * DAY),
    arguments=st.fixed_dictionaries(
        {
            "add_on": st.sampled_from(["backup", "backup", "audit", "nothing"]),
            "enabled": st.booleans(),
            "quantity": st.integers(0, 60),
            "reason": st.sampled_from(Reason),
            "sequence": st.integers(1, 12),
            "unit_price": st.integers(0, 60).map(str) | millionths,
            "units": st.integers(0, 50),
            "usage_id": st.integers(0, 20).map(lambda n: f"u-{n}"),
            "when": st.sampled_from(["now", "now", "renewal"]),
        }
    ),
)


Asked = list[tuple[datetime, AnyCommand]]


@dataclass(frozen=True)
class RandomLife:
    """An order, and what is asked when."""

    order: Order
    steps: list[tuple[When, Wish]]

    def live(self, kind: type[Simulator] = Simulator) -> tuple[Simulator, Asked]:
        """The whole life, and the commands with the instants that they found their way to."""
        simulator, now = kind(self.order, LIVING), self.order.at
        asked: Asked = []
        for when, wish in self.steps:
            now = min(when.instant(simulator, now), self.end)
            asked.append((now, wish.command(simulator, now)))
            simulator.ask(asked[-1][1], now)
        simulator.advance(self.end)
        return simulator, asked

    @property
    def end(self) -> datetime:
        """How long it is watched."""
        return self.order.at + HORIZON


def asking_first(do: str, within: timedelta) -> st.SearchStrategy[tuple[When, Wish]]:
    """That command, at some instant within so long after the one before."""
    when = st.builds(When, st.timedeltas(timedelta(0), within), st.none(), st.just(TICK), st.just(True))
    return st.tuples(when, wishes.map(lambda wish: replace(wish, do=do)))


def lives_beginning(*asked: tuple[str, timedelta], straight: bool = False) -> st.SearchStrategy[RandomLife]:
    """Lives in which these commands come first; then anything."""
    first = [asking_first(do, within) for do, within in asked]
    rest = st.lists(st.tuples(whens, wishes), min_size=2, max_size=9)
    steps = st.tuples(st.tuples(*first), rest).map(lambda parts: [*parts[0], *parts[1]])
    return st.builds(RandomLife, orders(straight), steps)


lives = lives_beginning()


def copied(simulator: Simulator) -> Simulator:
    """A copy of the life whose books are its own."""
    twin = Simulator.resumed(simulator.life, LIVING)
    twin.book.__dict__.update({name: copy.copy(value) for name, value in simulator.book.__dict__.items()})
    return twin
