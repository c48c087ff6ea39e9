"""One line in the worker's log for each event that the books have, with the facts by which it is found again."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol

from temporalio import activity

FACTS = "facts"
"""The attribute of a log record that has its facts, by name; the worker's log shows them (hosting/logs.py)."""


class Journaled(Protocol):
    """An entry of a journal."""

    @property
    def seq(self) -> int: ...

    @property
    def event(self) -> StrEnum: ...

    @property
    def rule(self) -> str: ...

    @property
    def by(self) -> str: ...


def log_events(events: Iterable[Journaled], **whose: str) -> None:
    """Log the events of one decision; `whose` they are is said by ids, never by names."""
    for each in events:
        facts = {**whose, "seq": each.seq, "rule": each.rule, "by": each.by}
        activity.logger.info("%s", each.event.value, extra={FACTS: facts})
