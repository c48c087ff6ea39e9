"""Live random lives with every invariant checked: `python -m tests.explore.lives --years 1000000`.

A life counts from its order to its end, or to the end of its watch. The seed of a failure reproduces it.
"""

import argparse
import multiprocessing
import sys
import time
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.support.simulated.foresight import the_timeline_is_what_happens_9
from tests.support.simulated.invariants import nothing_is_dated_after_the_clock_16, the_invariants_hold
from tests.support.simulated.random_lives import RandomLife, lives
from tests.support.simulated.watched import Watched

YEAR = timedelta(days=365.25)
TOGETHER = 50
"""How many lives one seed makes."""
EVERY = 15
"""Seconds between two lines of progress."""


def lived(number: int, *, examples: int = TOGETHER) -> tuple[int, int, float, str]:
    """The seed, how many lives it made, their years, and what failed, or nothing."""
    count, years = 0, 0.0

    def live(life: RandomLife) -> None:
        nonlocal count, years
        simulator, _ = life.live(Watched)
        the_invariants_hold(simulator)
        nothing_is_dated_after_the_clock_16(simulator, life.end)
        the_timeline_is_what_happens_9(simulator, life.end)
        subscription = simulator.life.subscription
        ended = subscription.last_at if subscription.state.ended else life.end
        count, years = count + 1, years + (ended - life.order.at) / YEAR

    quiet = settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    try:
        seed(number)(quiet(given(lives)(live)))()
    except Exception as error:  # noqa: BLE001  # whatever the core raises here is what is looked for
        notes = " ".join(getattr(error, "__notes__", ()))
        return number, count, years, f"{type(error).__name__}: {error} {notes}"
    return number, count, years, ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.explore.lives", description=__doc__)
    parser.add_argument("--years", type=int, default=1_000_000, help="subscription-years (default: 1000000)")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="when to stop at the latest (default: a day)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (default: 0)")
    given_ = parser.parse_args(arguments)
    began, last, count, years, failed = time.monotonic(), 0.0, 0, 0.0, ""
    seeds = range(given_.seed, given_.seed + given_.years)
    with multiprocessing.Pool(given_.jobs) as pool:
        for number, more, lived_years, words in pool.imap_unordered(lived, seeds):
            count, years = count + more, years + lived_years
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
    sys.stdout.write(f"{failed or '0 violations'}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
