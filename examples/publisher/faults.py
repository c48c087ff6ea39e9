"""The switch board: how this publisher misbehaves, and how often."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Fault(StrEnum):
    """One way to misbehave, with a genuine message."""

    ERROR = "error"
    TIMEOUT = "timeout"
    SLOW = "slow"
    DROP = "drop"
    REORDER = "reorder"
    TOO_MANY = "too_many"
    NEVER = "never"

    @property
    def words(self) -> str:
        """What it does, for people."""
        return _WORDS[self]

    @property
    def takes_seconds(self) -> bool:
        """Whether the switch's seconds mean anything."""
        return self in {Fault.SLOW, Fault.REORDER, Fault.TOO_MANY}


_WORDS = {
    Fault.ERROR: "answers 500; not applied",
    Fault.TIMEOUT: "keeps the connection and never answers; not applied",
    Fault.SLOW: "applies at once, answers after so many seconds",
    Fault.DROP: "applies, then closes the connection without an answer",
    Fault.REORDER: "holds it back so many seconds, then applies and answers: what comes later can overtake it",
    Fault.TOO_MANY: "answers 429 with Retry-After of so many seconds; not applied",
    Fault.NEVER: "closes the connection at once, as one that is down; not applied",
}


class Switch(BaseModel):
    """How often a fault happens: to the `next` so many messages, then to a share in percent. 0 and 0 is off."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 0
    next: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 1


class Board(BaseModel):
    """Every switch. What is left out is off."""

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
            raise ValueError(f"the shares of all faults are {total:g} percent together, 100 is all there is")
        return self


@dataclass(frozen=True)
class Drawn:
    """The fault that a message meets."""

    fault: Fault
    seconds: float


class Faults:
    """The board in use. By the seed, the n-th try of a message meets the same fault whatever comes beside it."""

    def __init__(self, seed: int = 0) -> None:
        self.board = Board(seed=seed)
        self._tries: Counter[str] = Counter()

    def set(self, fault: Fault, switch: Switch) -> None:
        """Turn one switch, the others stay. Raises ValueError where the shares are more than 100 percent."""
        self.replace(Board.model_validate({**dict(self.board), fault.value: switch}))

    def replace(self, board: Board) -> None:
        """Turn every switch."""
        self.board = board

    def clear(self) -> None:
        """Behave."""
        self.board = Board(seed=self.board.seed)

    def draw(self, message_id: str) -> Drawn | None:
        """What this try of the message meets; None is nothing. A `next` is used up before any share."""
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
