"""f. A storm: thousands of renewals due at one instant, by real timers; how long they take and how late they come."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from benchmarks.report import Figure, Must, NotMeasured, Samples, Turns, both, times_at_most
from benchmarks.scene import Bench, a_scene, each
from benchmarks.sides import LOOK, Ours, Side
from workflows.subscription.spread import Spread

GROUP = "f"
TITLE = "storm"
TRIED = 40
"""Lives that are begun first, to see how long beginning all of them takes."""
FAR = timedelta(days=20)
FEW = 3
"""Lives of a small partner, which are due with the storm of a large one."""

Lateness = dict[str, float]
"""Seconds from the instant at which a life was to renew until it had, by its name, in the order of their coming."""


def share(late: Lateness, percent: int) -> float:
    """The percentile."""
    return sorted(late.values())[(len(late) - 1) * percent // 100]


def is_few(name: str) -> bool:
    """Whether the life is the small partner's."""
    return name.startswith("few-")


async def measure(bench: Bench) -> list[Figure]:
    """One storm of each side per turn, each on a server of its own; in ours a small partner's few lives are due too."""
    count, turns, spread = bench.of((100, 1, 10), (2_000, 3, 120))
    late: Turns[Lateness] = defaultdict(list)
    spread_out: list[Lateness] = []
    for turn in range(turns):
        async with a_scene(bench) as scene:
            late["bare"].append(await _storm(bench, scene.bare, _names("due", count)))
            late["ours"].append(await _storm(bench, scene.ours, _names("due", count), _names("few", FEW)))
            scene.ours.spread = timedelta(seconds=spread)
            spread_out.append(await _storm(bench, scene.ours, _names("spread", count)))
        bench.say(f"storm: turn {turn + 1} of {turns}")
    return _figures(f"storm of {count:,} at one instant", late, spread_out, spread)


def _figures(name: str, late: Turns[Lateness], spread_out: Sequence[Lateness], spread: int) -> list[Figure]:
    def figure(words: str, value: Callable[[Lateness], float], must: Must | None = None) -> Figure:
        return Figure(GROUP, f"{name}: {words}", "s", both(late, value), must)

    few = [max(seconds for life, seconds in one.items() if is_few(life)) for one in late["ours"]]
    calm = [share(one, 99) for one in spread_out]
    why = f"the storm's lives have the fairness key of one partner, and {FEW} due with them that of another"
    return [
        figure("drained after", lambda one: max(one.values()), times_at_most(1.5)),
        figure("p50 lateness", lambda one: share(one, 50)),
        figure("p99 lateness", lambda one: share(one, 99)),
        Figure(GROUP, f"{name}: the slowest of another partner's {FEW}", "s", Samples(few), why=why),
        Figure(GROUP, f"{name}, spread over {spread} s: p99 after its own", "s", Samples(calm), Must(0.5)),
    ]


def _names(word: str, count: int) -> list[str]:
    return [f"{word}-{number}" for number in range(count)]


async def _storm(bench: Bench, side: Side, names: list[str], few: Sequence[str] = ()) -> Lateness:
    began, far = time.perf_counter(), datetime.now(UTC) + FAR
    tried = _names(f"tried-{names[0]}", TRIED)
    await each(tried, lambda name: side.begin(name, due=far))
    await each(tried, side.parked)
    # Half as long again, since the machine may be busier later.
    lead = timedelta(seconds=4 + 1.5 * (time.perf_counter() - began) * len(names) / TRIED)
    due = datetime.now(UTC) + lead
    bench.say(f"storm: {side.name}, due in {lead.total_seconds():.0f} s")
    for partner, theirs in (("large", names), ("small", few)):
        if isinstance(side, Ours):
            side.partner = partner
        await each(theirs, lambda name: side.begin(name, due=due))
    await each([*names, *few], side.parked)
    left = (due - datetime.now(UTC)).total_seconds()
    if left < 1:
        raise NotMeasured("the machine took too long to begin the lives before they were due; try again")
    seen, late = side.rows, Lateness()
    await asyncio.sleep(left)
    while len(late) < len(names) + len(few):
        await asyncio.sleep(LOOK)
        news, now = side.since(seen), (datetime.now(UTC) - due).total_seconds()
        seen += len(news)
        late |= {name: now - _own(side, name) for name in news}
    return late


def _own(side: Side, name: str) -> float:
    """Seconds after the common instant at which this life is to renew."""
    if not isinstance(side, Ours):
        return 0
    seconds = int(side.spread.total_seconds())
    return Spread(name, seconds, lambda: datetime.now(UTC)).late_by.total_seconds()
