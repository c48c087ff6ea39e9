"""From one state by every command at every boundary instant, with the invariants checked on the way."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from domain.ordering.terms import Order
from domain.subscription.commands import AnyCommand
from domain.subscription.decision import Answer
from statemachines.preview.simulator import Simulator
from tests.explore.abstraction import instants, key
from tests.explore.asks import WAIT, asks, learn_newer_policy
from tests.support.simulated import invariants
from tests.support.simulated.ends_told import ends_when_told_11
from tests.support.simulated.foresight import the_timeline_is_what_happens_9
from tests.support.simulated.life import LIVING
from tests.support.simulated.random_lives import copied
from tests.support.simulated.watched import Checks, of_a_command

Path = tuple[tuple[datetime, str], ...]
"""The asks that lead to a state, by name, each with its instant."""
Reached = tuple[str, str, str]
"""What a command led to: outcome, rule and state."""


@dataclass(frozen=True)
class Broken:
    """An invariant that a sequence of commands breaks."""

    order: Order
    path: Path
    invariant: str
    words: str


@dataclass
class Found:
    """What was found from some states: how to get to the new ones, and how much was looked at."""

    states: dict[int, tuple[int, Path]] = field(default_factory=dict)
    transitions: int = 0
    checked: Counter[str] = field(default_factory=Counter)
    reached: set[Reached] = field(default_factory=set)
    broken: list[Broken] = field(default_factory=list)


def led_to(order: Order, path: Path) -> Simulator:
    """The life after these asks."""
    simulator = Simulator(order, LIVING)
    for at, name in path:
        simulator.advance(at)
        if name != WAIT:
            _ask(simulator, asks(simulator, at)[name], at)
    return simulator


def walk(order: Order, number: int, path: Path, found: Found, known: set[int], *, merged: bool = True) -> None:
    """Add to `found` what every ask at every boundary instant after the path leads to; `known` states are not new."""
    at = path[-1][0] if path else order.at
    start = led_to(order, path)
    for now in instants(start.life.subscription, at):
        moved = copied(start)
        waited: Path = (*path, (now, WAIT))
        if not _holds(found, order, waited, {"9 milestones can happen": partial(moved.advance, now)}):
            continue
        if moved.life != start.life and not _holds(found, order, waited, _of_the_books(moved, now)):
            continue
        passed = moved.life != start.life
        here = key(moved, now) if merged else 0
        for name, command in asks(moved, now).items():
            simulator = copied(moved)
            further = (*path, (now, name))
            found.transitions += 1
            if not _step(found, order, further, simulator, command):
                continue
            place = hash(further)
            if merged and _is_still(moved, simulator):
                # What can be asked later of a state that only waited is asked on the way from where it waited.
                if not passed:
                    continue
                place = here
            elif merged:
                place = key(simulator, now)
            if place not in known:
                known.add(place)
                found.states[place] = number, further
                _holds(found, order, further, _of_what_comes(simulator, now))


def _is_still(before: Simulator, after: Simulator) -> bool:
    """Whether nothing happened: most commands are refused, and need no key of their own."""
    return after.life.subscription is before.life.subscription and after.book.usage == before.book.usage


def _step(found: Found, order: Order, path: Path, simulator: Simulator, command: AnyCommand | None) -> bool:
    """Ask the last of the path, and check what it changed; whether all is well."""
    now = path[-1][0]
    before, rows = simulator.life, len(simulator.book.rows)
    answers: list[Answer | None] = []
    if not _holds(found, order, path, {"10 decided": lambda: answers.append(_ask(simulator, command, now))}):
        return False
    answer, was, after = answers[0], before.subscription, simulator.life.subscription
    if answer is None or command is None:
        return True
    found.reached.add((str(answer.outcome), str(answer.rule), str(after.state)))
    checks = of_a_command(simulator, command, was, rows, answer)
    if answer.outcome not in {"refused", "unchanged"} or after != was:
        checks |= _of_the_books(simulator, now)
    return _holds(found, order, path, checks)


def _of_the_books(simulator: Simulator, now: datetime) -> Checks:
    checks = {name: partial(check, simulator) for name, check in invariants.OF_THE_BOOKS.items()}
    return {**checks, "16 not after the clock": partial(invariants.nothing_is_dated_after_the_clock_16, simulator, now)}


def _of_what_comes(simulator: Simulator, now: datetime) -> Checks:
    return {
        "9 the timeline is what happens": partial(the_timeline_is_what_happens_9, simulator, now),
        "11 it ends when it was told": partial(ends_when_told_11, simulator),
    }


def _holds(found: Found, order: Order, path: Path, checks: Checks) -> bool:
    for name, check in checks.items():
        found.checked[name] += 1
        try:
            check()
        except Exception as error:  # noqa: BLE001  # whatever the core raises here is what is looked for
            found.broken.append(Broken(order, path, name, f"{type(error).__name__}: {error}"))
            return False
    return True


def _ask(simulator: Simulator, command: AnyCommand | None, at: datetime) -> Answer | None:
    if command is None:
        learn_newer_policy(simulator)
        return None
    return simulator.ask(command, at)


def explored(orders: Iterable[tuple[int, Order, Path]], known: set[int], *, merged: bool = True) -> Found:
    """What every ask in these states leads to."""
    found = Found()
    for number, order, path in orders:
        walk(order, number, path, found, known, merged=merged)
    return found
