"""Gauges that are set when somebody reads them."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.client import Client

from activities.errors import BooksUnavailable
from activities.figures import Figures, Outbox
from activities.unfinished import Waiting
from hosting.monitoring import gauges
from hosting.monitoring.gauges import Gauge, Gauges
from hosting.monitoring.server import ServerFigures
from hosting.monitoring.works import Works
from statemachines.audit.observed import GRACE
from tests.support.instants import START
from tests.support.metrics.measured import Measured


class Sources:
    """The books, the server and the activities of a worker."""

    def __init__(self) -> None:
        self.figures = Figures(overdue=2, subscriptions={"active": 5}, invoices={"issued": 1})
        self.error: Exception | None = None
        self.silent = False
        self.asked: list[Any] = []

    async def read(self, overdue_before: Any) -> Figures:
        self.asked.append(overdue_before)
        if self.silent:
            await asyncio.sleep(60)
        if self.error:
            raise self.error
        return self.figures

    def waiting(self) -> dict[str, Waiting]:
        return {"record": Waiting(3, timedelta(seconds=9))}


@pytest.fixture
def measured() -> Measured:
    return Measured()


@pytest.fixture
def sources() -> Sources:
    return Sources()


@pytest.fixture
def shown(measured: Measured, sources: Sources, monkeypatch: pytest.MonkeyPatch) -> Gauges:
    """The gauges, of which none is fresh."""

    async def figures(*_: object) -> ServerFigures:
        return ServerFigures(attention={"record": 1}, backlog={"workflow": 4}, backlog_age={"workflow": 0.5})

    monkeypatch.setattr(gauges, "figures", figures)
    monkeypatch.setattr(gauges, "meter_of", lambda _: measured.meter)
    monkeypatch.setattr(gauges, "FRESH", timedelta(0))
    books = cast(Any, type("Books", (), {"figures": sources}))
    works = Works(cast(Client, None), "perennial", cast(Any, None), books, cast(Any, sources))
    return Gauges(works, lambda: START)


def test_a_value_that_is_gone_becomes_0(measured: Measured) -> None:
    gauge = Gauge(measured.meter, "depth", "a test", "publisher")
    gauge.set({"contoso": 3, "wingtip": 1})
    gauge.set({"wingtip": 2})
    assert measured.of("depth", publisher="contoso") == [3, 0]
    assert measured.of("depth", publisher="wingtip") == [1, 2]


async def test_all_sources_are_shown(shown: Gauges, measured: Measured, sources: Sources) -> None:
    sources.figures = Figures(overdue=2, outbox={"contoso": Outbox(7, START - timedelta(minutes=1))})
    await shown.refresh()
    assert sources.asked == [START - GRACE]
    assert measured.of("perennial_overdue_subscriptions") == [2]
    assert measured.of("perennial_outbox_events", publisher="contoso") == [7]
    assert measured.of("perennial_outbox_oldest_seconds", publisher="contoso") == [60]
    assert measured.of("perennial_invoices", state="paid") == [0]
    assert measured.of("perennial_attention", cause="record") == [1]
    assert measured.of("perennial_task_backlog", kind="workflow") == [4]
    assert measured.of("perennial_effects_waiting", activity="record") == [3]
    assert measured.of("perennial_effects_oldest_seconds", activity="record") == [9]


@pytest.mark.parametrize("silent", [False, True])
async def test_what_cannot_be_read_keeps_its_values_and_is_marked(
    shown: Gauges, measured: Measured, sources: Sources, silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shown.refresh()
    monkeypatch.setattr(gauges, "PATIENCE", timedelta(milliseconds=50))
    sources.silent, sources.error = silent, BooksUnavailable("locked")
    await shown.refresh()
    assert measured.of("perennial_subscriptions", state="active") == [5]
    assert measured.of("perennial_figures_read", source="books") == [1, 0]
    assert measured.of("perennial_figures_read", source="server") == [1, 1]


async def test_many_readers_cost_no_more_than_one(
    shown: Gauges, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "FRESH", timedelta(hours=1))
    await asyncio.gather(*(shown.refresh() for _ in range(20)))
    assert len(sources.asked) == 1
