"""How long a ten-year monthly life takes in the simulator, beside as many events of the bare state machine library.

Both are timed in this process, turn by turn, so that the ratio says something on a busy machine too.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from statemachine import State, StateChart

from domain.ordering.terms import Order
from statemachines.preview.simulator import Simulator

BOUGHT, TEN_YEARS_ON = "2026-01-31T09:00:00Z", datetime.fromisoformat("2036-01-31T09:00:00Z")


class Bare(StateChart[Any]):
    """One state and one event, under the flags that our machine sets."""

    allow_event_without_transition = False
    catch_errors_as_events = False
    atomic_configuration_update = True
    enable_self_transition_entries = False

    active = State(initial=True)
    renew = active.to(active)


def life() -> Simulator:
    """Bought once, renewed every month: each a decision, an event, a ledger row and a change of the books."""
    offer = {"id": "crm", "term": "P1M", "billing_plan": "monthly", "currency": "USD", "unit_price": "10.00"}
    order = Order.model_validate(
        {"subscription_id": "s", "customer": "c", "offer": offer, "at": BOUGHT, "quantity": 3}, strict=False
    )
    simulator = Simulator(order)
    simulator.advance(TEN_YEARS_ON)
    return simulator


def bare(events: int) -> None:
    """As many events of the library alone."""
    chart = Bare()
    for _ in range(events):
        chart.send("renew")


def milliseconds(work: Callable[[], object]) -> float:
    """Wall-clock time of the work."""
    gc.collect()
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="how often each is timed (default: 50)")
    runs = parser.parse_args().runs
    first = life()
    events = len(first.book.events)
    bare(events)
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(milliseconds(life))
        theirs.append(milliseconds(lambda: bare(events)))
    our, their = statistics.median(ours), statistics.median(theirs)
    sys.stdout.write(
        f"{events} events, {len(first.book.rows)} ledger rows, {runs} runs\n"
        f"ten-year life   median {our:6.1f} ms   (fastest {min(ours):.1f}, slowest {max(ours):.1f})\n"
        f"bare machine    median {their:6.1f} ms   (fastest {min(theirs):.1f}, slowest {max(theirs):.1f})\n"
        f"ratio of medians {our / their:.2f}\n"
    )


if __name__ == "__main__":
    main()
