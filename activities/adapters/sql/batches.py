"""Changes that wait for SQLite's one writer share a commit: one wait for the disk for all of them.

A change that fails is undone by its savepoint and touches no other. None is answered before the commit.
"""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from sqlalchemy import Connection

from activities.adapters.sql.errors import busy_for

MOST = 16
"""Changes in one commit: the first of them waits for the last."""
Change = Callable[[Connection], Any]
Result = tuple[Any, BaseException | None]


class Waiting(NamedTuple):
    """A change, until when it may begin, and its caller."""

    change: Change
    latest: float
    caller: Future[Any]

    def settle(self, value: Any, error: BaseException | None) -> None:
        """Give the caller the value, or raise the error there."""
        if error is not None:
            self.caller.set_exception(error)
        else:
            self.caller.set_result(value)


class Batches:
    """`begin` begins a transaction that writes and ends it. `busy` is how long a change waits, in seconds."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]], busy: float) -> None:
        self._begin = begin
        self._busy = busy
        self._waiting = deque[Waiting]()

    def add(self, change: Change) -> Future[Any]:
        """Add a change. `write_next` must be called for each, in the writer's thread."""
        waiting = Waiting(change, time.monotonic() + self._busy, Future())
        self._waiting.append(waiting)
        return waiting.caller

    def write_next(self) -> None:
        """Write what waits. That is nothing where a call for an earlier change has taken it along."""
        some = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        self._write([waiting for waiting in some if waiting.caller.set_running_or_notify_cancel()])

    def _write(self, some: list[Waiting]) -> None:
        in_time = []
        for waiting in some:
            # If a lock does not go away, all wait for it at the same time, not one batch after another.
            if time.monotonic() > waiting.latest:
                waiting.settle(None, busy_for(self._busy))
            else:
                in_time.append(waiting)
        if in_time:
            for waiting, result in zip(in_time, self._written(in_time), strict=True):
                waiting.settle(*result)

    def _written(self, some: list[Waiting]) -> list[Result]:
        begun = False
        try:
            with self._begin() as connection:
                begun = True
                return [_attempted(connection, waiting.change) for waiting in some]
        except BaseException as error:  # noqa: BLE001 - raised where the caller waits
            if not begun or len(some) == 1:
                return [(None, error)] * len(some)
        # The commit failed, or SQLite gave the transaction up: each by itself shows whose fault it is.
        return [result for waiting in some for result in self._written([waiting])]


def _attempted(connection: Connection, change: Change) -> Result:
    driver = connection.connection.cursor()
    driver.execute("SAVEPOINT change")
    try:
        value, failure = change(connection), None
    except BaseException as error:  # noqa: BLE001 - raised where the caller waits
        value, failure = None, error
        driver.execute("ROLLBACK TO change")
    driver.execute("RELEASE change")
    return value, failure
