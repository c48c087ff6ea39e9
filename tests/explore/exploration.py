"""The exploration, breadth first: level after level, each on several processes, until depth or time is reached."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from domain.ordering.terms import Order
from tests.explore.abstraction import key
from tests.explore.walk import Broken, Found, Path, Reached, explored, led_to

TOGETHER = 20
"""How many states a process takes at once."""
ENOUGH = 20
"""With so many violations the exploration stops."""


@dataclass
class Level:
    """What the commands of one depth led to. `looked_at` of `of` states were left by every command."""

    depth: int
    of: int
    looked_at: int = 0
    states: int = 0
    transitions: int = 0
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether no state was left out for want of time."""
        return self.looked_at == self.of


@dataclass
class Exploration:
    """All that was explored."""

    levels: list[Level] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    reached: set[Reached] = field(default_factory=set)
    broken: list[Broken] = field(default_factory=list)
    states: int = 0


Frontier = list[tuple[int, Path]]
Work = Callable[[Frontier], tuple[int, Found]]
Run = Callable[[Work, Iterable[Frontier]], Iterable[tuple[int, Found]]]
_ORDERS: list[Order] = []
_KNOWN: set[int] = set()
"""What this process knows already; each process has its own."""


def _begin(orders: list[Order]) -> None:
    _ORDERS[:] = orders
    _KNOWN.clear()


def _work(states: Frontier, *, merged: bool) -> tuple[int, Found]:
    found = explored(((number, _ORDERS[number], path) for number, path in states), _KNOWN, merged=merged)
    return len(states), found


def explore(
    orders: list[Order],
    *,
    depth: int,
    seconds: float,
    jobs: int = 1,
    merged: bool = True,
    report: Callable[[Level], None] = lambda _: None,
) -> Exploration:
    """Explore to that depth of commands, or until so many seconds have passed; `report` gets each level, growing."""
    began, done = time.monotonic(), Exploration()
    beginnings: dict[int, tuple[int, Path]] = {}
    for number, order in enumerate(orders):
        beginnings.setdefault(key(led_to(order, ()), order.at) if merged else number, (number, ()))
    known, frontier = set(beginnings), list(beginnings.values())
    done.states = len(known)
    with _processes(orders, jobs) as run:
        for number in range(1, depth + 1):
            level = Level(number, len(frontier))
            following: dict[int, tuple[int, Path]] = {}
            since = time.monotonic()
            done.levels.append(level)
            chunks = (frontier[first : first + TOGETHER] for first in range(0, len(frontier), TOGETHER))
            for looked_at, found in run(partial(_work, merged=merged), chunks):
                new = found.states.keys() - known
                known |= new
                level.states += len(new)
                if number < depth:
                    following.update((place, found.states[place]) for place in new)
                level.looked_at += looked_at
                level.transitions += found.transitions
                level.seconds = time.monotonic() - since
                done.checked.update(found.checked)
                done.reached |= found.reached
                done.broken += found.broken[: ENOUGH - len(done.broken)]
                report(level)
                if time.monotonic() - began > seconds or len(done.broken) >= ENOUGH:
                    break
            done.states += level.states
            if not level.whole or done.broken:
                return done
            # In the order of their digests: if time runs out within a level, every kind of offer had its share.
            frontier = [reached for _, reached in sorted(following.items())]
    return done


@contextmanager
def _processes(orders: list[Order], jobs: int) -> Iterator[Run]:
    """How to run work on so many processes, its results in order; one is this process."""
    if jobs == 1:
        _begin(orders)
        yield map
        return
    with multiprocessing.Pool(jobs, _begin, (orders,)) as pool:
        yield pool.imap
