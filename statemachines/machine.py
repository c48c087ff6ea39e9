"""One machine for many places: building a python-statemachine chart costs four times an event."""

from typing import Any, Generic, TypeVar

from statemachine import StateChart
from statemachine.exceptions import TransitionNotAllowed

P = TypeVar("P")
T = TypeVar("T")


class Reused(Generic[P, T]):
    """A chart that is set to one place after another.

    The chart notes which transition it took as `chosen`; its model is a place of type P.
    """

    def __init__(self, chart: type[StateChart[Any]]) -> None:
        self._class = chart
        self._chart: Any = chart()

    def send(self, place: P, event: str) -> T | None:
        """The transition that the event takes from that place, or None where it takes none."""
        self._place(place)
        self._chart.chosen = None
        try:
            self._chart.send(event)
        except TransitionNotAllowed:
            return None
        chosen: T | None = self._chart.chosen
        return chosen

    def allowed(self, place: P) -> frozenset[str]:
        """The events that have a transition from that place, guards included."""
        self._place(place)
        return frozenset(event.id for event in self._chart.enabled_events())

    def _place(self, place: P) -> None:
        # A chart that has reached a final state takes no event any more, wherever it is set.
        if self._chart.is_terminated:
            self._chart = self._class()
        self._chart.model.__dict__.update(place.__dict__)
