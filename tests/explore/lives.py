"""Live random lives with every invariant checked: `python -m tests.explore.lives --years 1000000`.

A life counts from its order to its end, or to the end of its watch. With `--of customers` they are lived with the
accounts of customers that have up to four. The seed of a failure reproduces it.
"""

import argparse
import gc
import multiprocessing
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from domain.policy import PACKS
from statemachines.preview.simulator import Simulator
from tests.support.simulated.customer_invariants import a_customer_keeps_the_invariants
from tests.support.simulated.foresight import the_timeline_is_what_happens_9
from tests.support.simulated.invariants import nothing_is_dated_after_the_clock_16, the_invariants_hold
from tests.support.simulated.random_customers import HORIZON, RandomCustomer, customers
from tests.support.simulated.random_lives import START, RandomLife, lives
from tests.support.simulated.watched import Watched

YEAR = timedelta(days=365.25)
TOGETHER = 50
"""How many lives one seed makes."""
EVERY = 15
"""Seconds between two lines of progress."""


def _live_alone(random: RandomLife) -> list[float]:
    """The years of the life under each policy pack, after every check: to make one takes as long as to live it."""
    return [_lived_by(replace(random, order=random.order.model_copy(update={"policy": pack}))) for pack in PACKS]


def _lived_by(life: RandomLife) -> float:
    simulator, _ = life.live(Watched)
    the_invariants_hold(simulator)
    nothing_is_dated_after_the_clock_16(simulator, life.end)
    the_timeline_is_what_happens_9(simulator, life.end)
    return _years(simulator, life.end)


def _live_customer(random: RandomCustomer) -> list[float]:
    """The years of each subscription, after every check."""
    customer = a_customer_keeps_the_invariants(random)
    return [_years(simulator, START + HORIZON) for simulator in customer.subscriptions.values()]


def _years(simulator: Simulator, end: datetime) -> float:
    subscription = simulator.life.subscription
    ended = subscription.last_at if subscription.state.ended else end
    return (ended - subscription.ordered_at) / YEAR


KINDS: dict[str, tuple[SearchStrategy[Any], Callable[[Any], list[float]]]] = {
    "subscriptions": (lives, _live_alone),
    "customers": (customers, _live_customer),
}


def lived(number: int, *, of: str = "subscriptions", examples: int = TOGETHER) -> tuple[int, int, float, str]:
    """The seed, how many lives it made, their years, and what failed, or nothing."""
    count, years = 0, 0.0
    made, check = KINDS[of]

    def live(random: Any) -> None:
        nonlocal count, years
        found = check(random)
        count, years = count + len(found), years + sum(found)

    quiet = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    try:
        seed(number)(quiet(given(made)(live)))()
    except Exception as error:  # noqa: BLE001  # whatever the core raises here is what is looked for
        notes = " ".join(getattr(error, "__notes__", ()))
        return number, count, years, f"{type(error).__name__}: {error} {notes}"
    return number, count, years, ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.explore.lives", description=__doc__)
    parser.add_argument("--years", type=int, default=1_000_000, help="subscription-years (default: 1000000)")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="when to stop at the latest (default: a day)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--of", choices=sorted(KINDS), default="subscriptions", help="whose lives")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: 0)")
    given_ = parser.parse_args(arguments)
    began, last, count, years, failed, following = time.monotonic(), 0.0, 0, 0.0, "", given_.seed
    seeds = range(given_.seed, given_.seed + given_.years)
    # What is there for good need not be looked through for garbage.
    with multiprocessing.Pool(given_.jobs, initializer=gc.freeze) as pool:
        for number, more, lived_years, words in pool.imap_unordered(partial(lived, of=given_.of), seeds):
            count, years, following = count + more, years + lived_years, max(following, number + 1)
            passed = time.monotonic() - began
            if words:
                failed = f"VIOLATED with --seed {number}: {words}"
                break
            if passed - last > EVERY:
                last = passed
                sys.stderr.write(f"{years:,.0f} years of {count:,} lives in {passed:,.0f} s\n")
            if years >= given_.years or passed > given_.minutes * 60:
                break
        pool.terminate()
    passed = time.monotonic() - began
    rate = years / passed * 60
    sys.stdout.write(f"{years:,.0f} subscription-years of {count:,} lives in {passed:,.0f} s, {rate:,.0f} a minute\n")
    sys.stdout.write(f"{failed or f'0 violations; other lives from --seed {following}'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
