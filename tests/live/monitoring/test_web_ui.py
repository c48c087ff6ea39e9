"""What people see in Temporal's own Web UI, on its real pages; the pictures of docs/web-ui.md are made here.

`PERENNIAL_PICTURES=docs/images` has them written there.
"""

import json
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page
from temporalio.api.enums.v1 import EventType

from domain.subscription.commands import Activate, ChangeQuantity, SetAutoRenew, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.holds import Reason
from hosting.assembly import World, prepare_namespace, running_worker
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.support.browser import NoBrowser, running_browser
from tests.support.live.purchases import settings_in
from tests.support.paths import ROOT
from tests.support.shop.live import Shop
from workflows.durable.workflow_ids import account_workflow_id, order_workflow_id, subscription_workflow_id

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

COLUMNS = ["Status", "Workflow ID", "SubscriptionState", "CustomerId", "OfferId", "EndsAt", "Attention"]
STORED = "namespace-workflow-table-columns"
"""Where the Web UI keeps the columns that a person has chosen, in the browser."""
PAGE = (ROOT / "docs" / "web-ui.md").read_text()
QUERIES = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", PAGE, re.MULTILINE)


@asynccontextmanager
async def page_of(address: str) -> AsyncIterator[Page]:
    """A tab of somebody who has chosen the columns."""
    async with running_browser() as browser:
        context = await browser.new_context(base_url=address, viewport={"width": 1560, "height": 780})
        context.set_default_timeout(60_000)
        chosen = json.dumps({"default": [{"label": name} for name in COLUMNS]})
        await context.add_init_script(f"localStorage.setItem({STORED!r}, {json.dumps(chosen)})")
        yield await context.new_page()


async def picture(page: Page, name: str, folder: Path) -> None:
    place = ROOT / os.environ["PERENNIAL_PICTURES"] if "PERENNIAL_PICTURES" in os.environ else folder
    await page.screenshot(path=place / name)


async def events_of(world: World, subscription: str) -> Counter[int]:
    """How many events of each kind the history has."""
    handle = world.server.client.get_workflow_handle(subscription_workflow_id(subscription))
    return Counter([event.event_type async for event in handle.fetch_history_events()])


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[tuple[World, str]]:
    """A worker, and the Web UI of its server."""
    (tmp_path / "server").mkdir()
    async with EmbeddedServer(tmp_path / "server", ui_port=0) as server:
        client = await connect_to(server.address)
        await prepare_namespace(client)
        async with running_worker(client, settings_in(tmp_path, "web-ui")) as world:
            assert server.endpoints.ui_address is not None
            yield world, server.endpoints.ui_address


async def test_the_list_and_the_page_of_a_subscription(site: tuple[World, str], tmp_path: Path) -> None:
    world, address = site
    shop, ask = Shop(world), world.server.subscriptions.ask
    customer, other = [await shop.customer(id=name) for name in ("fabrikam", "adatum")]
    suspended = await shop.buy_one(other, "contoso-crm")
    await ask(suspended, Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    wanted = shop.order(customer, {"offer": "contoso-crm", "quantity": 3})
    (line,) = (await shop.buy(wanted)).lines
    order_id = order_workflow_id(wanted.order_id)
    subscription, workflow_id = line.subscription_id, subscription_workflow_id(line.subscription_id)
    await ask(subscription, ChangeQuantity(by="admin_agent", quantity=7))
    await ask(subscription, SetAutoRenew(by="admin_agent", enabled=False))
    before = await events_of(world, subscription)
    refused = await ask(subscription, Activate(by="publisher"))
    after = await events_of(world, subscription)
    assert refused.outcome is Outcome.REFUSED
    timers = {"EVENT_TYPE_TIMER_STARTED", "EVENT_TYPE_TIMER_CANCELED"}
    assert not any(EventType.Name(EventType.ValueType(kind)) in timers for kind in after - before)
    try:
        async with page_of(address) as page:
            await page.goto("/namespaces/default/workflows?query=SubscriptionState IS NOT NULL")
            row = page.locator("tbody tr").filter(has=page.get_by_role("link", name=workflow_id))
            await row.wait_for()
            cells = [text.strip() for text in await row.locator("td").all_inner_texts()]
            headings = [
                text.strip() for text in await page.locator("thead tr").first.locator("th, td").all_inner_texts()
            ]
            shown = dict(zip(headings, cells, strict=False))
            assert set(COLUMNS) <= set(headings), headings
            assert shown["SubscriptionState"] == "active"
            assert (shown["CustomerId"], shown["OfferId"]) == (customer, "contoso-crm")
            assert str(datetime.now(UTC).year) in shown["EndsAt"] or str(datetime.now(UTC).year + 1) in shown["EndsAt"]
            await picture(page, "web-ui-list.png", tmp_path)
            await page.get_by_role("link", name=workflow_id).click()
            await page.get_by_text("User Metadata").first.click()
            frames = page.frame_locator("iframe")
            summary, details = frames.first.locator("body"), frames.last.locator("body")
            await details.get_by_role("heading", name=f"Active: 7 x contoso-crm for {customer}").wait_for()
            assert (await summary.inner_text()).strip() == f"contoso-crm for {customer}"
            await picture(page, "web-ui-subscription.png", tmp_path)
            leads = {f"account and invoices of {customer}": account_workflow_id(customer), order_id: order_id}
            assert set(await details.get_by_role("link").all_inner_texts()) == set(leads)
            for link, title in leads.items():
                async with page.context.expect_page() as opened:
                    await details.get_by_role("link", name=link).click()
                await (await opened.value).get_by_role("heading", name=title).wait_for()
            await page.get_by_text("Memo").first.click()
            await page.get_by_text(order_id).first.wait_for()
    except NoBrowser as none:
        pytest.skip(str(none))


@pytest.mark.parametrize("query", QUERIES)
async def test_each_query_of_the_page_is_understood(world: World, query: str) -> None:
    assert (await world.server.client.count_workflows(query)).count >= 0


def test_the_page_has_queries() -> None:
    assert len(QUERIES) >= 6
