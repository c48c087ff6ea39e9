"""The lives of a storm: made from the seed and a number, with commands beside the instants that matter."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from domain.policy import PACKS
from domain.subscription.commands import AnyCommand
from domain.values import format_instant
from statemachines.preview.simulator import Simulator
from statemachines.simulation.scenario import SIMULATED, Scenario
from statemachines.simulation.scenario_file import parse_scenario
from statemachines.subscription.life import LifeSteps
from statemachines.subscription.timeline import What, timeline
from tests.support.instants import TICK
from tests.support.simulated.life import a_command

STEPS = LifeSteps()
FIRST = datetime(2027, 1, 31, 9, tzinfo=UTC)
YEAR = timedelta(days=365.25)
SHORT = timedelta(hours=1)
ENDS = {What.ACTIVATION_DEADLINE, What.EXPIRE, What.DELETE}
BESIDE = {-TICK: "1 us before a due date", timedelta(0): "at a due date", TICK: "1 us after a due date"}
"""Where commands come beside milestones."""
TOLD_OFFER = "told-crm"
"""The offer whose publisher is notified."""
OFFERS: tuple[dict[str, Any], ...] = (
    {"term": "P1Y", "billing_plan": "annual", "unit_price": "120.00"},
    {"term": "P1Y", "billing_plan": "monthly", "unit_price": "10.00"},
    {"term": "P1M", "billing_plan": "monthly", "unit_price": "10.00"},
    {"term": "P1Y", "billing_plan": "annual", "unit_price": "99.99", "trial_days": 30},
    {"term": "P1M", "billing_plan": "monthly", "unit_price": "0.25", "billing_type": "usage"},
    {"term": "P1Y", "billing_plan": "one_time", "unit_price": "5.05", "setup": "publisher"},
)
WEIGHTS = (6, 1, 1, 3, 1, 3)
"""Years that are billed at once cost least, so most lives are such; the others are watched for a year or two."""
OFTEN = {"activate": 20, "reactivate": 15, "suspend": 2, "change_quantity": 5, "report_usage": 5, "set_auto_renew": 3}
"""Lives that go on are worth more than lives that end early."""
LEAST_OF_ALL = {"cancel", "deprovision"}


@dataclass(frozen=True)
class Planned:
    """A life, and the numbers of its commands that are sent twice."""

    id: str
    scenario: Scenario
    twice: frozenset[int]
    beside: tuple[str, ...]
    """Where those of its commands come that come beside a milestone, by the words of BESIDE."""
    asleep: timedelta
    """So long after the purchase its clock begins: as if all workers had been down."""
    slept: int
    """How many due dates that are."""


def planned(seed: int, number: int, longest: int) -> Planned:
    """The life of that number, watched for up to `longest` years. Every sixth one is billed, every fourth is told."""
    random = Random(f"{seed} {number}")
    offer = {
        "id": TOLD_OFFER if number % 4 == 0 else "contoso-erp",
        "currency": random.choice(["USD", "JPY", "KWD"]),
        **random.choices(OFFERS, WEIGHTS)[0],
        "add_ons": [{"id": "backup", "unit_price": "3"}],
    }
    if offer["currency"] == "JPY":
        offer["unit_price"] = offer["unit_price"].partition(".")[0]
    at = FIRST + timedelta(days=random.randrange(60), seconds=random.randrange(86_400))
    years = (1, 2) if offer["billing_plan"] == "monthly" else (3, longest)
    data: dict[str, Any] = {
        "name": f"storm {seed}, life {number}",
        "policy": random.choice(sorted(PACKS)),
        "offer": offer,
        "order": {"at": format_instant(at), "customer": f"customer-{number}", "quantity": random.randrange(1, 20)},
        "until": format_instant(at + random.randint(*years) * YEAR),
    }
    if number % 6 == 0:
        data["account"] = {"nonpayment_suspension": False}
    empty = parse_scenario(data)
    late = number % 5 == 0 and not empty.billed
    commands, beside = _commands(random, empty, at + (empty.until - at) * 0.6 if late else at)
    twice = frozenset(n for n in range(1, len(commands) + 1) if random.random() < 0.3)
    scenario = parse_scenario({**data, "commands": commands})
    asleep, slept = _asleep(scenario) if late else (timedelta(0), 0)
    return Planned(f"life-{number:05}", scenario, twice, beside, asleep, slept)


def _asleep(scenario: Scenario) -> tuple[timedelta, int]:
    """Until an hour before the first command: how long that is, and over how many due dates."""
    at = scenario.opened_at
    first = min([command.at for command in scenario.commands if command.at], default=scenario.until) - SHORT
    simulator = Simulator(scenario.order_for(SIMULATED), STEPS)
    simulator.advance(first)
    slept = len({event.at for event in simulator.book.events if event.at > at})
    if slept < 2:
        return timedelta(0), 0
    return first - at, slept


def _commands(random: Random, scenario: Scenario, now: datetime) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Commands from that instant on, mostly allowed when they come; and where some of them are beside a milestone."""
    simulator = Simulator(scenario.order_for(SIMULATED), STEPS)
    simulator.advance(now)
    commands: list[dict[str, Any]] = []
    beside: list[str] = []
    for number in range(random.randrange(2, 9)):
        shown = [m for m in timeline(simulator.life.subscription, now) if m.at + TICK < scenario.until]
        if not shown or simulator.life.subscription.state.ended:
            break
        at = now + timedelta(days=random.randrange(1, 90), seconds=random.randrange(86_400))
        if random.random() < 0.7:
            at = random.choice(shown).at + random.choice(list(BESIDE))
        last = min((m.at - TICK for m in shown if m.what in ENDS), default=at)
        at = max(now, min(at, last))
        if at >= scenario.until:
            break
        beside += {BESIDE[at - m.at] for m in shown if at - m.at in BESIDE}
        simulator.advance(at)
        command = _command(random, simulator, at, number)
        if command is None:
            break
        simulator.ask(command, at)
        plain = json.loads(command.model_dump_json(exclude_none=True, exclude={"command_id"}))
        commands.append({**plain, "at": format_instant(at)})
        now = at
    return commands, tuple(beside)


def _command(random: Random, simulator: Simulator, at: datetime, number: int) -> AnyCommand | None:
    allowed = [str(each) for each in STEPS.lifecycle.allowed(simulator.life.subscription, at)]
    names = [name for each in allowed for name in [each] * OFTEN.get(each, 1) if name in TAKES]
    kept = [name for name in names if name not in LEAST_OF_ALL or random.random() < 0.3]
    if not kept:
        return None
    do = random.choice(kept)
    fields = dict(TAKES[do](random, number))
    return a_command(do, **fields)


TAKES: dict[str, Any] = {
    "activate": lambda random, number: {},
    "cancel": lambda random, number: {"reason": "customer_request"},
    "change_quantity": lambda random, number: {"quantity": random.randrange(1, 40)},
    "deprovision": lambda random, number: {},
    "reactivate": lambda random, number: {},
    "report_usage": lambda random, number: {"units": random.randrange(1, 50), "usage_id": f"u-{number}"},
    "set_add_on": lambda random, number: {"add_on": "backup", "quantity": random.randrange(4)},
    "set_auto_renew": lambda random, number: {"enabled": random.random() < 0.8},
    "suspend": lambda random, number: {"reason": random.choice(["customer_request", "fraud"])},
}


def lives(seed: int, longest: int) -> Iterator[Planned]:
    """One life after the other, for ever."""
    number = 0
    while True:
        number += 1
        yield planned(seed, number, longest)
