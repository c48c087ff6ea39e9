"""How long transactions wait for their turn, and how long they take."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Connection
from temporalio.common import MetricMeter

T = TypeVar("T")

WAIT, TRANSACTION = "perennial_database_wait_seconds", "perennial_database_transaction_seconds"


class Turn(StrEnum):
    """What a transaction waits for: a reader's connection, or its turn to write."""

    READ = "read"
    WRITE = "write"


class Waits:
    """Measures transactions: the wait for a thread, a connection and locks, and the work until the commit begins."""

    def __init__(self, meter: MetricMeter = MetricMeter.noop) -> None:
        self._wait = meter.create_histogram_float(WAIT, "From a call until its transaction had its turn")
        self._took = meter.create_histogram_float(TRANSACTION, "From its turn until its work was done")

    def timed(self, turn: Turn, work: Callable[[Connection], T]) -> Callable[[Connection], T]:
        """The work of a transaction that is called for now, measured when it begins and when it is done."""
        called, labels = time.monotonic(), {"turn": turn.value}

        def measured(connection: Connection) -> T:
            begun = time.monotonic()
            self._wait.record(begun - called, labels)
            try:
                return work(connection)
            finally:
                self._took.record(time.monotonic() - begun, labels)

        return measured
