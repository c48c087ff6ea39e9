"""Figures beside those of the bare engine, as a table and as JSON."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
Turns = dict[str, list[T]]
"""What each turn has given, by the name of the side."""


class NotMeasured(Exception):
    """The machine lacks what a figure needs. The message is one line."""


class Worthless(Exception):
    """Something went otherwise than it has to, so what was measured says nothing. The message is one line."""


class Samples(NamedTuple):
    """What was measured in each turn."""

    ours: Sequence[float] = ()
    bare: Sequence[float] = ()


NONE = Samples()


def both(turns: Mapping[str, Sequence[T]], value: Callable[[T], float]) -> Samples:
    """That value of every turn of both sides."""
    return Samples(*([value(turn) for turn in turns.get(side, ())] for side in Samples._fields))


@dataclass(frozen=True)
class Must:
    """What a figure has to reach: a ratio to the bare engine's, or a value in the figure's own unit."""

    bound: float
    ratio: bool = False
    at_least: bool = False

    def holds(self, value: float | None, ratio: float | None) -> bool | None:
        """Whether it is reached; None where that was not measured."""
        got = ratio if self.ratio else value
        if got is None:
            return None
        return got >= self.bound if self.at_least else got <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {'x ' if self.ratio else ''}{self.bound:g}"


def times_at_most(bound: float) -> Must:
    """At most so many times the bare engine's."""
    return Must(bound, ratio=True)


def times_at_least(bound: float) -> Must:
    """At least so many times the bare engine's."""
    return Must(bound, ratio=True, at_least=True)


@dataclass(frozen=True)
class Figure:
    """One line of the table. `why` says what is to be known about it, or why it is not measured."""

    group: str
    name: str
    unit: str
    samples: Samples = NONE
    must: Must | None = None
    why: str = ""

    @property
    def value(self) -> float | None:
        """Ours, as the median of the turns."""
        return _median(self.samples.ours)

    @property
    def ratio(self) -> float | None:
        """Ours to the bare engine's: the median of the turns, each with its neighbour, where they have as many."""
        ours, bare = _known(self.samples.ours), _known(self.samples.bare)
        if not ours or not bare or not all(bare):
            return None
        if len(ours) == len(bare):
            return median(one / other for one, other in zip(ours, bare, strict=True))
        return median(ours) / median(bare)

    @property
    def holds(self) -> bool | None:
        """Whether it reaches what it must; None where it has not to, or was not measured."""
        return self.must.holds(self.value, self.ratio) if self.must else None

    def document(self) -> dict[str, Any]:
        """The figure for `--json`."""
        return {
            "group": self.group,
            "figure": self.name,
            "unit": self.unit,
            "bare": _summary(self.samples.bare),
            "ours": _summary(self.samples.ours),
            "ratio": self.ratio,
            "must": str(self.must) if self.must else None,
            "holds": self.holds,
            "note": self.why or None,
        }


def table(figures: Iterable[Figure]) -> str:
    """The figures as lines of a Markdown table; medians, with the smallest and the largest of several turns."""
    rows: list[tuple[str, ...]] = [("", "figure", "bare", "ours", "ratio", "must", "holds")]
    rows += [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_line(row, widths) for row in rows]
    rule = "|".join("-" * (width + 2) for width in widths)
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]]) + "\n"


def notes(figures: Iterable[Figure]) -> str:
    """A line for each thing that is to be known of a figure, or of several, and for what was not measured."""
    said: dict[tuple[str, str], list[str]] = {}
    for figure in figures:
        if figure.why:
            said.setdefault((figure.group, figure.why), []).append(figure.name)
    lines = (f"{group}  {names[0]}{', ...' if names[1:] else ''}: {why}" for (group, why), names in said.items())
    return "".join(f"{line}\n" for line in lines)


def _row(figure: Figure) -> tuple[str, ...]:
    measured = bool(_known(figure.samples.ours) or _known(figure.samples.bare))
    holds = {True: "yes", False: "NO", None: "" if measured and figure.must is None else "not measured"}[figure.holds]
    ratio = figure.ratio
    return (
        figure.group,
        f"{figure.name} ({figure.unit})" if figure.unit else figure.name,
        _shown(figure.samples.bare),
        _shown(figure.samples.ours),
        "" if ratio is None else f"{ratio:.2f}",
        str(figure.must) if figure.must else "",
        holds,
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def _known(samples: Sequence[float]) -> list[float]:
    return [] if any(math.isnan(sample) for sample in samples) else list(samples)


def _median(samples: Sequence[float]) -> float | None:
    known = _known(samples)
    return median(known) if known else None


def _summary(samples: Sequence[float]) -> dict[str, Any] | None:
    known = _known(samples)
    return {"median": median(known), "min": min(known), "max": max(known), "turns": len(known)} if known else None


def _shown(samples: Sequence[float]) -> str:
    known = _known(samples)
    if not known:
        return ""
    spread = f" ({_number(min(known))}..{_number(max(known))})" if len(known) > 1 else ""
    return f"{_number(median(known))}{spread}"


def _number(value: float) -> str:
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
