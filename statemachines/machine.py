"""Remembers what a python-statemachine chart says: asking one takes longer than all else in a decision."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from statemachine import State as MachineState
from statemachine import StateChart
from statemachine.exceptions import TransitionNotAllowed

P = TypeVar("P")
S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True)
class Transition(Generic[S]):
    """The transition that a chart chose."""

    event: str
    source: S
    target: S


def fact(name: str) -> Callable[[Any], bool]:
    """A guard that reads the fact of that name from the place.

    Guards are functions, not strings: the library parses a string for each new chart, which is not safe in the several
    threads of a worker on CPython 3.11.
    """

    def guard(model: object) -> bool:
        return bool(getattr(model, name))

    guard.__name__ = name
    return guard


class StrictChart(StateChart[P]):
    """An event that is not allowed raises, exceptions are passed on, and a transition happens as a whole."""

    allow_event_without_transition = False
    catch_errors_as_events = False
    atomic_configuration_update = True
    enable_self_transition_entries = False


class Remembered(Generic[P, S]):
    """What a chart says of a place: a state with the facts that the guards read.

    `place` is the model of the chart, of type P, whose fields are the state and truths; `states` are its states.
    An answer is kept for ever: guards read nothing else, and the places are few. All workflows of a process share the
    answers, in whatever thread they run: each new question gets a chart of its own, so that none is shared.
    """

    chart: type[StateChart[Any]]
    place: type[P]
    states: type[S]

    def __init__(self) -> None:
        self._taken: dict[tuple[object, ...], Transition[S] | None] = {}
        self._enabled: dict[tuple[object, ...], frozenset[str]] = {}

    def send(self, place: P, event: str) -> Transition[S] | None:
        """The transition that the event takes from that place, or None if none is allowed."""
        key = (event, *place.__dict__.values())
        if key not in self._taken:
            self._taken[key] = self._ask(place, event)
        return self._taken[key]

    def allowed(self, place: P) -> frozenset[str]:
        """The events that are allowed from that place, guards included."""
        key = tuple(place.__dict__.values())
        if key not in self._enabled:
            self._enabled[key] = frozenset(event.id for event in self._chart_at(place).enabled_events())
        return self._enabled[key]

    def _ask(self, place: P, event: str) -> Transition[S] | None:
        chosen = _Chosen()
        try:
            self._chart_at(place, chosen).send(event)
        except TransitionNotAllowed:
            return None
        return Transition(event, self.states(chosen.source), self.states(chosen.target))

    def _chart_at(self, place: P, *listeners: object) -> StateChart[Any]:
        return self.chart(copy(place), state_field="state", listeners=list(listeners))


class _Chosen:
    """Listens to a chart: the states of the transition that it took."""

    source: Any
    target: Any

    def on_transition(self, source: MachineState, target: MachineState) -> None:
        """Called by the chart."""
        self.source, self.target = source.value, target.value
