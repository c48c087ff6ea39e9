"""Gauges of what the books and the server have, set when somebody reads the metrics, and not more often than needed."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from temporalio.common import MetricMeter
from temporalio.service import RPCError

from activities.errors import WorldError
from domain.account.invoice import InvoiceState
from domain.subscription.events import State
from hosting.monitoring.server import figures
from hosting.monitoring.works import Works
from hosting.temporal.telemetry import meter_of
from statemachines.audit.observed import GRACE

FRESH = timedelta(seconds=30)
"""How old figures may be. To read them costs the database half a second with 50,000 subscriptions."""
PATIENCE = timedelta(seconds=5)
"""How long the figures of one source are waited for; Prometheus itself gives up after ten seconds."""

Read = Callable[[], Awaitable[None]]


class Gauge:
    """Values by one label, or a single value without one. A value that is gone becomes 0."""

    def __init__(self, meter: MetricMeter, name: str, words: str, label: str | None = None) -> None:
        self._gauge = meter.create_gauge_float(name, words)
        self._label = label
        self._known: set[str] = set()

    def set(self, values: Mapping[str, float]) -> None:
        """Set the values, by the label's value."""
        self._known |= set(values)
        for value in self._known:
            self._gauge.set(values.get(value, 0), {self._label: value} if self._label else None)

    def only(self, value: float) -> None:
        """Set the one value."""
        self.set({"": value})


class Gauges:
    """All of them, of a worker that works with `works`; `now` is the wall clock."""

    def __init__(self, works: Works, now: Callable[[], datetime]) -> None:
        self._works, self._now, meter = works, now, meter_of(works.client)
        self._one_at_a_time = asyncio.Lock()
        self._read_at = -math.inf

        def gauge(name: str, words: str, label: str | None = None) -> Gauge:
            return Gauge(meter, f"perennial_{name}", words, label)

        self._overdue = gauge("overdue_subscriptions", "Subscriptions whose next milestone has passed, by the books")
        self._subscriptions = gauge("subscriptions", "Subscriptions in the books", "state")
        self._invoices = gauge("invoices", "Invoices in the books", "state")
        self._depth = gauge("outbox_events", "Events that a publisher was not notified of", "publisher")
        self._age = gauge("outbox_oldest_seconds", "How long the first of them waits", "publisher")
        self._attention = gauge("attention", "Workflows that wait for an operator", "cause")
        self._backlog = gauge("task_backlog", "Tasks that wait for a worker, by the server", "kind")
        self._backlog_age = gauge("task_backlog_oldest_seconds", "How long the first of them waits", "kind")
        self._effects = gauge("effects_waiting", "Effects that this worker has begun and not finished", "activity")
        self._effects_age = gauge("effects_oldest_seconds", "How long the first of them waits", "activity")
        self._read = gauge("figures_read", "1 if the source of gauges could be read, 0 if they are old", "source")

    async def refresh(self) -> None:
        """Set the gauges anew, if they are not fresh. What cannot be read keeps its values, and is marked."""
        async with self._one_at_a_time:
            waiting = self._works.unfinished.waiting()
            self._effects.set({kind: each.number for kind, each in waiting.items()})
            self._effects_age.set({kind: each.oldest.total_seconds() for kind, each in waiting.items()})
            if time.monotonic() - self._read_at < FRESH.total_seconds():
                return
            books, server = await asyncio.gather(_read(self._read_books), _read(self._read_server))
            self._read.set({"books": books, "server": server})
            self._read_at = time.monotonic()

    async def _read_books(self) -> None:
        now = self._now()
        found = await self._works.books.figures.read(now - GRACE)
        self._overdue.only(found.overdue)
        self._subscriptions.set({**dict.fromkeys(State, 0), **found.subscriptions})
        self._invoices.set({**dict.fromkeys(InvoiceState, 0), **found.invoices})
        self._depth.set({publisher: each.depth for publisher, each in found.outbox.items()})
        self._age.set({publisher: _since(each.oldest, now) for publisher, each in found.outbox.items()})

    async def _read_server(self) -> None:
        found = await figures(self._works.client, self._works.task_queue)
        self._attention.set(found.attention)
        self._backlog.set(found.backlog)
        self._backlog_age.set(found.backlog_age)


async def _read(source: Read) -> bool:
    """Whether it could be read in time."""
    try:
        await asyncio.wait_for(source(), PATIENCE.total_seconds())
    except (TimeoutError, WorldError, RPCError):
        return False
    return True


def _since(then: datetime | None, now: datetime) -> float:
    return max((now - then).total_seconds(), 0) if then else 0
