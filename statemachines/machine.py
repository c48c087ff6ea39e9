"""Reuses one python-statemachine chart: building a chart costs four times as much as sending an event."""

from collections.abc import Callable
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


class Reused(Generic[P, S]):
    """A chart that is set to one place after another: a state with the facts that the guards read.

    `place` is the model of the chart, of type P, whose fields are the state and truths; `states` are its states.
    What the chart said of a place is kept, because guards read nothing else: its places are few, and asking it costs
    more than a decision's own work.
    """

    chart: type[StateChart[Any]]
    place: type[P]
    states: type[S]

    def __init__(self) -> None:
        self._taken: dict[tuple[object, ...], Transition[S] | None] = {}
        self._enabled: dict[tuple[object, ...], frozenset[str]] = {}
        self._begin()

    def _begin(self) -> None:
        self._chart: Any = self.chart(self.place(), state_field="state", listeners=[self])

    def on_transition(self, event: str, source: MachineState, target: MachineState) -> None:
        """Store the transition that the chart takes."""
        self._chosen = Transition(str(event), self.states(source.value), self.states(target.value))

    def send(self, place: P, event: str) -> Transition[S] | None:
        """The transition that the event takes from that place, or None if none is allowed."""
        key = (event, *place.__dict__.values())
        if key not in self._taken:
            self._place(place)
            try:
                self._chart.send(event)
            except TransitionNotAllowed:
                self._taken[key] = None
            else:
                self._taken[key] = self._chosen
        return self._taken[key]

    def allowed(self, place: P) -> frozenset[str]:
        """The events that are allowed from that place, guards included."""
        key = tuple(place.__dict__.values())
        if key not in self._enabled:
            self._place(place)
            self._enabled[key] = frozenset(event.id for event in self._chart.enabled_events())
        return self._enabled[key]

    def _place(self, place: P) -> None:
        # A chart that reached a final state takes no more events, even if set to another state.
        if self._chart.is_terminated:
            self._begin()
        self._chart.model.__dict__.update(place.__dict__)
