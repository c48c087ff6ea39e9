"""The dashboard and the alarms that are shipped: every query is run against what a real worker shows."""

import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities.measures import RecordMeasures
from domain.subscription.commands import Activate, Cancel, ChangeQuantity
from domain.subscription.effects import Receipt, Record
from domain.subscription.holds import Reason
from hosting.assembly import World
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.telemetry import meter_of
from statemachines.subscription.life import LifeSteps
from tests.support.live.purchases import order, settings_in
from tests.support.live.repairs import bought
from tests.support.metrics.prometheus import MISSING, installed, running_prometheus
from tests.support.metrics.scrape import Scrape, scraped
from tests.support.metrics.watched import watched_worker
from tests.support.paths import ROOT
from tests.support.publisher.endpoint import publishers_at
from tests.support.publisher.imported import listed_in
from workflows.durable.workflow_ids import subscription_workflow_id

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

DASHBOARD = ROOT / "deploy" / "grafana" / "perennial.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
PANELS = [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]
QUERIES = sorted({target["expr"] for panel in PANELS for target in panel["targets"]})
ALARMS = {rule["alert"]: rule["expr"] for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]}
OF_PROMETHEUS = {"instance"}
METRIC, BY = re.compile(r"\b(?:perennial|temporal)_\w+"), re.compile(r"\bby \(([^)]*)\)")


@pytest.fixture(scope="module")
async def address(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A worker that has done a little of everything."""
    settings = settings_in(tmp_path_factory.mktemp("dashboard"), "dashboard")
    await listed_in(settings, publishers_at("https://contoso.example/webhooks", contoso={}))
    async with watched_worker(server.address, settings) as (world, address):
        await _busy(world)
        yield address


async def _busy(world: World) -> None:
    subscription = await bought(world)
    ask = world.server.subscriptions.ask
    await ask(subscription, ChangeQuantity(by="admin_agent", quantity=7))
    await ask(subscription, Activate(by="publisher"))
    handle = world.server.client.get_workflow_handle(subscription_workflow_id(subscription))
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update("cancel", args=["one", "two"])
    await ask(subscription, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    with suppress(RPCError):
        await world.server.client.get_workflow_handle("subscription:nobody").describe()
    # In real time nothing is due in the seconds of a test.
    life = LifeSteps().begin(order(at=datetime.now(UTC) - timedelta(days=32)))
    renewed = LifeSteps().settle(life.model_copy(update={"effects": ()}), datetime.now(UTC))
    for effect in renewed.effects:
        if isinstance(effect, Record):
            measures = RecordMeasures(meter_of(world.server.client))
            measures.note(effect, Receipt(seq=effect.seq), datetime.now(UTC), test_clock=False)


def lacking(expression: str, scrape: Scrape) -> list[str]:
    """The metrics that the scrape does not have, and the labels that none of the metrics has."""
    names: list[str] = METRIC.findall(expression)
    assert names, expression
    missing = [name for name in names if not scrape.has(name)]
    known = set().union(*(scrape.labels_of(name) for name in names)) | OF_PROMETHEUS
    wanted = {label.strip() for labels in BY.findall(expression) for label in labels.split(",")}
    return [*missing, *sorted(wanted - known)]


async def test_every_query_and_alarm_asks_for_what_a_worker_shows(address: str) -> None:
    found = await scraped(address)
    asked = [*QUERIES, *ALARMS.values()]
    assert {each: missing for each in asked if (missing := lacking(each, found))} == {}


def test_every_metric_of_ours_is_in_the_docs_and_every_panel_says_its_unit() -> None:
    page = (ROOT / "docs" / "observability.md").read_text()
    names = {name.removesuffix("_bucket").removesuffix("_count") for each in QUERIES for name in METRIC.findall(each)}
    assert {name for name in names if name.startswith("perennial_") and name not in page} == set()
    assert all(alarm in page for alarm in ALARMS)
    assert [panel["title"] for panel in PANELS if not panel["fieldConfig"]["defaults"]["unit"]] == []
    places = [tuple(panel["gridPos"].values()) for panel in PANELS]
    assert len(set(places)) == len(PANELS)


@pytest.mark.skipif(not installed(), reason=MISSING)
async def test_prometheus_answers_every_panel(address: str, tmp_path: Path) -> None:
    subprocess.run(["promtool", "check", "rules", str(ALERTS)], check=True, capture_output=True)
    beside = ALERTS.with_name("prometheus.yaml")
    subprocess.run(["promtool", "check", "config", str(beside)], check=True, capture_output=True)
    async with running_prometheus(tmp_path, address, ALERTS) as prometheus:
        await prometheus.scraped(times=3)
        empty = [each for each in QUERIES if not await prometheus.query(each.replace("$__rate_interval", "1m"))]
        assert empty == []
        rules = await prometheus.rules()
        assert {rule["name"] for rule in rules} == set(ALARMS)
        assert [rule for rule in rules if rule.get("lastError")] == []
        for name, expression in ALARMS.items():
            assert await prometheus.query(expression) == [], name
