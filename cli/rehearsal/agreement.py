"""Compare the simulator's forecast with what happened on the server."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cli.printing.screen import counted
from statemachines.simulation.document import LifeReport, ScenarioReport


@dataclass(frozen=True)
class Agreement:
    """How many events and ledger lines came as forecast, and the first difference."""

    events: int
    rows: int
    difference: str | None

    @classmethod
    def of(cls, forecast: LifeReport | ScenarioReport, happened: LifeReport | ScenarioReport) -> "Agreement":
        """Compare the whole documents; count the events and ledger lines that are equal."""
        expected, came = forecast.document(), happened.document()
        return cls(
            events=_equal("events", expected, came),
            rows=_equal("ledger", expected, came),
            difference=next(_differences("", expected, came), None),
        )

    def __str__(self) -> str:
        if self.difference:
            return f"NOT AS FORECAST. First difference: {self.difference}"
        return f"as forecast: {counted(self.events, 'event')}, {counted(self.rows, 'ledger line')}"


def conclusion(comparisons: Sequence[Agreement]) -> str:
    """Such as `8 lives, 41 events, 37 ledger lines: all as forecast.`"""
    wrong = sum(comparison.difference is not None for comparison in comparisons)
    events = counted(sum(c.events for c in comparisons), "event")
    rows = counted(sum(c.rows for c in comparisons), "ledger line")
    lives = counted(len(comparisons), "life", "lives")
    if wrong:
        return f"{lives}: {wrong} NOT as forecast; {events} and {rows} were."
    return f"{lives}, {events}, {rows}: all as forecast."


def _equal(entries: str, expected: dict[str, Any], came: dict[str, Any]) -> int:
    """How many entries are equal, over all subscriptions of the documents."""
    both = zip(*(document.get("subscriptions", {"": document}).values() for document in (expected, came)), strict=True)
    pairs = (zip(one[entries], other[entries], strict=False) for one, other in both)
    return sum(one == other for each in pairs for one, other in each)


def _differences(path: str, expected: object, came: object) -> Iterator[str]:
    """Each place where the two documents differ."""
    if isinstance(expected, dict) and isinstance(came, dict):
        for key in dict.fromkeys([*expected, *came]):
            yield from _differences(f"{path}.{key}" if path else key, expected.get(key), came.get(key))
    elif isinstance(expected, list) and isinstance(came, list):
        for index in range(max(len(expected), len(came))):
            both = (items[index] if index < len(items) else None for items in (expected, came))
            yield from _differences(f"{path}[{index}]", *both)
    elif expected != came:
        yield f"{path}: forecast {expected!r}, happened {came!r}"
