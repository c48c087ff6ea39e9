"""The faults: how this publisher misbehaves, and how often."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Fault(StrEnum):
    """One way to misbehave when a genuine message arrives."""

    ERROR = "error"
    TIMEOUT = "timeout"
    SLOW = "slow"
    DROP = "drop"
    REORDER = "reorder"
    TOO_MANY = "too_many"
    NEVER = "never"

    @property
    def words(self) -> str:
        """A description for people."""
        return _WORDS[self]

    @property
    def takes_seconds(self) -> bool:
        """Whether the fault uses the switch's seconds."""
        return self in {Fault.SLOW, Fault.REORDER, Fault.TOO_MANY}


_WORDS = {
    Fault.ERROR: "answers 500; not applied",
    Fault.TIMEOUT: "keeps the connection and never answers; not applied",
    Fault.SLOW: "applies at once, answers after the given seconds",
    Fault.DROP: "applies, then closes the connection without an answer",
    Fault.REORDER: "waits the given seconds, then applies and answers; a later message can overtake it",
    Fault.TOO_MANY: "answers 429 with Retry-After of the given seconds; not applied",
    Fault.NEVER: "closes the connection at once, as if the publisher were down; not applied",
}


class Switch(BaseModel):
    """How often a fault happens: to the `next` N messages, then to `percent` of them. 0 and 0 is off."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0
    next: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 1


class Board(BaseModel):
    """All switches. A switch that is left out is off."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    seed: Annotated[int, Field(ge=0, le=2**53)] = 0
    error: Switch = Switch()
    timeout: Switch = Switch()
    slow: Switch = Switch()
    drop: Switch = Switch()
    reorder: Switch = Switch()
    too_many: Switch = Switch()
    never: Switch = Switch()

    def of(self, fault: Fault) -> Switch:
        """The fault's switch."""
        switch = getattr(self, fault)
        assert isinstance(switch, Switch)
        return switch

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        total = sum(self.of(fault).percent for fault in Fault)
        if total > 100:
            raise ValueError(f"the shares of all faults are {total:g} percent together; at most 100 is possible")
        return self


@dataclass(frozen=True)
class Drawn:
    """The fault chosen for a message."""

    fault: Fault
    seconds: float


class Faults:
    """The switches in use. For a seed, the n-th attempt of a message always gets the same fault."""

    def __init__(self, seed: int = 0) -> None:
        self.board = Board(seed=seed)
        self._tries: Counter[str] = Counter()

    def set(self, fault: Fault, switch: Switch) -> None:
        """Set one switch. Raises ValueError if the shares exceed 100 percent."""
        self.replace(Board.model_validate({**dict(self.board), fault.value: switch}))

    def replace(self, board: Board) -> None:
        """Set all switches."""
        self.board = board

    def clear(self) -> None:
        """Turn all switches off."""
        self.board = Board(seed=self.board.seed)

    def draw(self, message_id: str) -> Drawn | None:
        """The fault for this attempt of the message, None for none. A `next` is used up before any share."""
        self._tries[message_id] += 1
        for fault in Fault:
            switch = self.board.of(fault)
            if switch.next:
                self.set(fault, switch.model_copy(update={"next": switch.next - 1}))
                return Drawn(fault, switch.seconds)
        lot = Random(f"{self.board.seed}:{message_id}:{self._tries[message_id]}").random() * 100  # noqa: S311
        for fault in Fault:
            switch = self.board.of(fault)
            if lot < switch.percent:
                return Drawn(fault, switch.seconds)
            lot -= switch.percent
        return None
