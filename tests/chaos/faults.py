"""Faults in activities, and which of them happens where."""

import json
import os
import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from zlib import crc32


class Stage(StrEnum):
    """Where in a call: `before commit` and `after commit` once for each transaction that it writes."""

    BEFORE = "before"
    BEFORE_COMMIT = "before commit"
    AFTER_COMMIT = "after commit"
    ACKNOWLEDGED = "after acknowledgement"


class Kind(StrEnum):
    """What happens there. `kill` ends the process as `kill -9` does."""

    KILL = "kill"
    RAISE = "raise"
    HANG = "hang"


@dataclass(frozen=True)
class Call:
    """One call of an activity: the `number`th of its name in this process, 0 if it is a repeat from before it."""

    activity: str
    number: int
    workflow_id: str
    key: str

    @property
    def effect(self) -> str:
        """What it does: the same in each attempt and each run."""
        return f"{self.workflow_id} {self.activity} {self.key}"


@dataclass(frozen=True)
class Point:
    """A place for a fault: the stage of a call, and which of its transactions, from 1; 0 for the other stages."""

    activity: str
    number: int
    stage: Stage
    write: int = 0

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Point":
        """From the data of its JSON."""
        return cls(**{**data, "stage": Stage(data["stage"])})


FREQUENT = {"record", "grant", "tell_publisher", "record_account"}
RARE = 8
"""So many times as often are all others struck."""


class Plan(ABC):
    """Which fault happens where. `reached` is called each time, and gives the fault of that place."""

    @abstractmethod
    def reached(self, call: Call, stage: Stage, write: int) -> Kind | None:
        """The fault, once for each place, whichever process gets there."""

    def done(self, call: Call) -> None:  # noqa: B027 - mostly nobody wants to know
        """The workflow has the call's result."""

    def numbered(self) -> bool:
        """Whether calls are known by their numbers in this process, not by what they do."""
        return True


class Recording(Plan):
    """No fault: each place that is reached is written down, one per line."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def reached(self, call: Call, stage: Stage, write: int) -> Kind | None:
        _append(self._file, asdict(Point(call.activity, call.number, stage, write)))
        return None


class OnePoint(Plan):
    """One fault at one place, once."""

    def __init__(self, point: Point, kind: Kind, hits: Path) -> None:
        self._point, self._kind, self._hits = point, kind, hits

    def reached(self, call: Call, stage: Stage, write: int) -> Kind | None:
        here = Point(call.activity, call.number, stage, write) == self._point
        return self._kind if here and _first(self._hits) else None


LOG = "log"


@dataclass(frozen=True)
class Hit:
    """An effect that was struck there, or that was done after it was struck, at a time of the machine's own clock."""

    effect: str
    activity: str
    at: float
    stage: Stage | None = None
    kind: Kind | None = None

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Hit":
        """From the data of its JSON."""
        stage, kind = data["stage"], data["kind"]
        return cls(**{**data, "stage": stage and Stage(stage), "kind": kind and Kind(kind)})


class Seeded(Plan):
    """Faults in so many of 10,000 places, chosen by the seed and by what the call does, each once.

    The folder gets a file for each place that was struck and each effect that was killed, and a log of both.
    """

    def __init__(self, seed: int, rate: int, folder: Path) -> None:
        self._seed, self._rate, self._folder = seed, rate, folder

    def reached(self, call: Call, stage: Stage, write: int) -> Kind | None:
        place = f"{call.effect} {stage} {write}"
        drawn = crc32(f"{self._seed} {place}".encode())
        rate = self._rate if call.activity in FREQUENT else RARE * self._rate
        if drawn % 10_000 >= rate or not _first(self._folder / _short(place)):
            return None
        kind = list(Kind)[drawn // 10_000 % len(Kind)]
        if kind is Kind.KILL:
            _first(self._folder / _short(call.effect))
        self._log(Hit(call.effect, call.activity, time.monotonic(), stage, kind))
        return kind

    def done(self, call: Call) -> None:
        if (self._folder / _short(call.effect)).exists():
            self._log(Hit(call.effect, call.activity, time.monotonic()))

    def numbered(self) -> bool:
        return False

    def _log(self, hit: Hit) -> None:
        _append(self._folder / LOG, asdict(hit))


def hits_of(folder: Path) -> list[Hit]:
    """What seeded faults have written into the folder, in its order."""
    log = folder / LOG
    return [Hit.of(json.loads(line)) for line in log.read_text().splitlines()] if log.exists() else []


def _short(words: str) -> str:
    return f"{crc32(words.encode()):08x}"


def _append(file: Path, entry: dict[str, Any]) -> None:
    """One write, so that processes that write at once do not mix their lines; it survives a kill."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, (json.dumps(entry) + "\n").encode())
    finally:
        os.close(descriptor)


def _first(file: Path) -> bool:
    """Whether nobody has been here before: true for one caller only, over all processes."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        return False
    return True
