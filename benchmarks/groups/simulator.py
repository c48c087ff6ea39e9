"""g. The simulator: a ten-year life beside its library alone, lives a second, 10,000 lives of a year."""

import gc
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from statemachine import State, StateChart

from benchmarks.report import Figure, Samples, Turns, both, times_at_most
from benchmarks.scene import Bench
from benchmarks.sides import BOUGHT, UNTOLD, offer
from domain.calendar import AnchorRule, boundary
from domain.ordering.terms import Order
from statemachines.preview.simulator import Simulator

GROUP = "g"
TITLE = "simulator"
MONTHS = 120
YEAR = 12
MANY = 10_000


class Library(StateChart[Any]):
    """One state and one event, under the flags that our machine sets."""

    allow_event_without_transition = False
    catch_errors_as_events = False
    atomic_configuration_update = True
    enable_self_transition_entries = False

    active = State(initial=True)
    renew = active.to(active)


def life(months: int) -> Simulator:
    """Bought once, renewed every month: each a decision, an event, a ledger row and a change of the books."""
    sold = offer(UNTOLD).sold(BOUGHT)
    simulator = Simulator(Order(subscription_id="s", customer="c", offer=sold, at=BOUGHT, quantity=3))
    simulator.advance(_after(months))
    return simulator


def library(events: int) -> None:
    """As many events of the library alone."""
    chart = Library()
    for _ in range(events):
        chart.send("renew")


async def measure(bench: Bench) -> list[Figure]:
    """All in this process, turn by turn."""
    turns, many = bench.of(10, 50), bench.of(500, MANY)
    events = len(life(MONTHS).book.events)
    library(events)
    took: Turns[float] = defaultdict(list)
    for _ in range(turns):
        took["ours"].append(_milliseconds(lambda: life(MONTHS)))
        took["bare"].append(_milliseconds(lambda: library(events)))
    bench.say("simulator: ten-year lives")
    years = [_milliseconds(lambda: life(YEAR)) for _ in range(turns)]
    crowd = _milliseconds(lambda: [life(YEAR) for _ in range(many)]) / 1000
    bench.say(f"simulator: {many} lives")
    why = "beside the state machine's library alone, with as many events"
    return [
        Figure(GROUP, "ten-year monthly life", "ms", both(took, float), times_at_most(1.8), why),
        Figure(GROUP, "lives of a year", "1/s", Samples([1000 / year for year in years])),
        Figure(GROUP, f"{many:,} lives simulated for a year", "s", Samples([crowd])),
    ]


def _after(months: int) -> datetime:
    return boundary(BOUGHT, months, AnchorRule.CLAMP)


def _milliseconds(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
