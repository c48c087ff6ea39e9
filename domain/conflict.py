"""Conflicts: effects that the books know with other content, or that are refused for good, and how they are settled.

Rule REP-1: an operator adopts the books' side or sets the effect aside, with a reason, and the journal says so.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from domain.values import WITHOUT_NUL, Frozen, Signature, Strict, Worded, without_nul

MOST_FIELDS, LONGEST_FIELD = 60, 120
"""How many fields of both contents are kept, and how many characters of each."""
MAX_WHY = 500
"""The longest reason of an operator, in characters."""


class Choice(Worded):
    """What an operator can do about a conflict."""

    ADOPT = "adopt", "go on as if the effect had been carried out as the books say"
    SET_ASIDE = "set_aside", "drop the effect, and go on as the workflow has decided"


class Compared(Frozen):
    """One field of both contents, as text; None on the side that lacks it."""

    name: str
    wanted: str | None = None
    held: str | None = None

    @property
    def differs(self) -> bool:
        return self.wanted != self.held


class Held(Frozen):
    """What the books hold where an effect wants to write something else.

    `up_to` is the number of the last event in the books, 0 if the conflict is not about events, and `seal` a digest of
    those from the effect's first one on. What is not `readable` cannot be adopted.
    """

    fields: tuple[Compared, ...]
    up_to: int = 0
    seal: str | None = None
    readable: bool = True


class Conflict(Frozen):
    """A conflict as an operator sees it: the effect's key, what is wrong, both contents, and what can be chosen."""

    key: str
    words: str
    fields: tuple[Compared, ...] = ()
    choices: tuple[Choice, ...]


class Settled(Frozen):
    """What the journal keeps of a settled conflict: the effect, with the numbers of its events, and both contents.

    `rows` are the keys of the ledger's rows, the payments or the invoices that it was about, `seal` the digest of the
    books' events then.
    """

    key: str
    choice: Choice
    first: int = 0
    last: int = 0
    rows: tuple[str, ...] = ()
    seal: str | None = None
    fields: tuple[Compared, ...] = ()


def _one_line(text: str) -> str:
    """The reason on one line, without what no terminal can show. Raises ValueError if nothing is left."""
    cleaned = " ".join("".join(c if c.isprintable() else " " for c in without_nul(text)).split())
    if not cleaned:
        raise ValueError("takes a reason")
    return cleaned


class SettleConflict(Strict):
    """Settle the conflict of the effect that waits, by its `key`: adopt the books' side, or set the effect aside.

    For operators only (ROL-5); the reason is kept in the journal (REP-1).
    """

    key: Annotated[str, Field(min_length=1, max_length=100)]
    choice: Annotated[Choice, Field(strict=False)]
    reason: Annotated[str, Field(min_length=1, max_length=MAX_WHY), AfterValidator(_one_line), WITHOUT_NUL]
    by: Annotated[str, Field(min_length=1, max_length=64)]
    actor: Signature | None = None


def compared(wanted: Mapping[str, str], held: Mapping[str, str]) -> tuple[Compared, ...]:
    """Both contents field by field, bounded in size: if there are too many, those that differ come first."""
    names = list(dict.fromkeys([*wanted, *held]))
    fields = [Compared(name=name, wanted=_cut(wanted.get(name)), held=_cut(held.get(name))) for name in names]
    if len(fields) > MOST_FIELDS:
        fields.sort(key=lambda field: not field.differs)
    return tuple(fields[:MOST_FIELDS])


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST_FIELD else f"{text[: LONGEST_FIELD - 3]}..."
