"""The canonical lives: each lives once on a scene, and says what differs from what it has to be."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.service import RPCError, RPCStatusCode

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.notifications import SqlNotifications
from cli.rehearsal.scenario import load
from domain.notification import NotificationStatus
from domain.subscription.commands import Cancel, ChangeQuantity, Command
from domain.subscription.holds import Reason
from perennial.rehearsal.scenario_runner import ScenarioRun, customer_of_run
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario_file import parse_scenario
from tests.chaos.scene import Scene
from tests.support.live.patience import patiently
from tests.support.live.purchases import order
from tests.support.paths import ROOT
from tests.support.publisher.endpoint import Endpoint, publishers_at
from tests.support.publisher.imported import list_publishers
from tests.support.shop.buyers import customer, request
from tests.support.shop.catalog import OFFERS, OPENED
from tests.support.shop.live import imported
from tests.support.shop.offers import listed
from workflows.durable.clock import TestClock
from workflows.durable.workflow_ids import delivery_workflow_id

CONTRACT = ROOT / "tests" / "statemachines" / "simulation" / "contract"
LOOK = 0.02
BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
EAGER = {"per_second": 1000, "timeout_seconds": 2, "terms": {"tries": 10_000, "window_hours": 1}}
"""A publisher that is told again within a second."""


class Life(ABC):
    """A canonical life."""

    name: str

    async def prepare(self, database: Database, endpoint: Endpoint) -> None:  # noqa: B027 - mostly nothing
        """What has to be in the books before it."""

    @abstractmethod
    async def live(self, scene: Scene) -> list[str]:
        """What is wrong with the life that was lived; nothing is."""


class Scenario(Life):
    """A scenario: its document has to be the simulator's."""

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self._scenario = parse_scenario(load(file))

    async def live(self, scene: Scene) -> list[str]:
        scenario = self._scenario
        story = await ScenarioRun(scenario, scene.id, scene.world).run(datetime.now(UTC))
        differs = different(story.document(), simulate(scenario).document())
        customers = [customer_of_run(scenario, scene.id)] if scenario.billed else []
        return [*differs, *await scene.verdict([scene.id, *customers])]


class OrderOfFour(Life):
    """An order whose third line is refused; each other line is bought once."""

    name = "order"

    async def prepare(self, database: Database, endpoint: Endpoint) -> None:
        trial = listed(id="try-it", name="Try it", trial_days=30)
        await imported(SqlCatalog(database), *OFFERS, trial)

    async def live(self, scene: Scene) -> list[str]:
        server, books = scene.world.server, scene.world.books
        lines = ({"quantity": 2}, {"offer": "try-it"}, {"offer": "unknown"}, {"quantity": 5})
        buyer = f"buyer-{scene.id}"
        bought_by = customer(id=buyer, account_opened=OPENED)
        await imported(SqlCatalog(scene.database), customers=(bought_by,))
        await server.orders.place(request(*lines, order_id=scene.id, customer=buyer))
        placed = await patiently(lambda: server.orders.settled(scene.id))
        bought = [line.subscription_id for line in placed.lines if line.status == "bought"]
        story: list[Any] = [line.refusal.rule.value if line.refusal else line.status.value for line in placed.lines]
        for each in bought:
            await server.subscriptions.settled(each)
            events, rows = await books.subscriptions.events(each), await books.subscriptions.rows(each)
            story.append([*(event.event.value for event in events), *(f"{row.amount:f}" for row in rows)])
        expected = [
            *("bought", "bought", "ELG-6", "bought"),
            ["purchased", "20.00"],
            ["purchased", "trial_started"],
            ["purchased", "50.00"],
        ]
        return [*different({"order": story}, {"order": expected}), *await scene.verdict([*bought, buyer])]


class LateDelivery(Life):
    """A publisher that takes nothing until the subscription has ended: then everything, once and in order."""

    name = "delivery"

    async def prepare(self, database: Database, endpoint: Endpoint) -> None:
        await list_publishers(database, publishers_at(endpoint.url, contoso=EAGER))
        await imported(SqlCatalog(database), listed())

    async def live(self, scene: Scene) -> list[str]:
        subscriptions, endpoint = scene.world.server.subscriptions, scene.endpoint
        endpoint.always[scene.id] = 503
        bought = order(listed().sold(BOUGHT), subscription_id=scene.id, at=BOUGHT)
        clock = TestClock.ahead_by(BOUGHT - datetime.now(UTC))
        handle = await subscriptions.buy(bought, clock=clock, invoiced=False)
        commands: list[Command] = [
            ChangeQuantity(by="admin_agent", quantity=5, command_id="change-1"),
            ChangeQuantity(by="admin_agent", quantity=4, command_id="change-2"),
            Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST, command_id="cancel"),
        ]
        for command in commands:
            await subscriptions.ask(scene.id, command, wait=False)
        await handle.result()
        delivery = scene.client.get_workflow_handle(delivery_workflow_id(scene.id))
        while True:
            try:
                await delivery.describe()
                break
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(LOOK)
        del endpoint.always[scene.id]
        told = (await delivery.result())["told"]
        statuses = await SqlNotifications(scene.database).counts()
        story = {"taken": list(dict.fromkeys(endpoint.taken(scene.id))), "told": told, "statuses": dict(statuses)}
        expected = {"taken": [1, 2, 3, 4], "told": 4, "statuses": {NotificationStatus.DELIVERED: 4}}
        return [*different(story, expected), *await scene.verdict([scene.id])]


def different(story: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """The parts of the story that are not as expected, a line each."""
    parts = [part for part in {**story, **expected} if story.get(part) != expected.get(part)]
    return [f"{part}: {story.get(part)!r}, expected {expected.get(part)!r}" for part in parts]


LIVES: tuple[Life, ...] = (
    Scenario("subscription", CONTRACT / "setup-then-deleted.yaml"),
    Scenario("usage", CONTRACT / "usage-deprovisioned.yaml"),
    Scenario("account", ROOT / "tests" / "chaos" / "held-and-paid.yaml"),
    OrderOfFour(),
    LateDelivery(),
)
