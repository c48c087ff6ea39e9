"""Every example of docs/other-services.md does what the page says, by the real CLI and by curl."""

import asyncio
import json
import os
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.commands import Suspend
from domain.holds import Reason
from hosting.assembly import World
from hosting.embedded import EmbeddedServer
from tests.live.purchases import offer, order
from tests.live.shopping import Shop
from workflows.messages import SIGNALS, UPDATES

PAGE = (Path(__file__).parents[2] / "docs" / "other-services.md").read_text()
EXAMPLES = re.findall(r"<!-- run on: ([\w-]+); (\w+): (.*?) -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
OPERATORS = {"retry_effect", "migrate"}

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed: the page's examples use it"),
]


async def bought(world: World, kind: str) -> str:
    """A subscription of the kind that the example is for."""
    add_ons = [{"id": "backup", "unit_price": "2.50"}]
    kinds = {
        "active": offer(add_ons=add_ons),
        "suspended": offer(),
        "pending": offer(setup="publisher"),
        "usage": offer(billing_type="usage"),
    }
    if kind not in kinds:
        return kind
    wanted = order(kinds[kind], at=datetime.now(UTC), quantity=1)
    await world.subscriptions.buy(wanted)
    if kind == "suspended":
        hold = Suspend(by="service", reason=Reason.CUSTOMER_REQUEST)
        await world.subscriptions.ask(wanted.subscription_id, hold)
    await world.subscriptions.settled(wanted.subscription_id)
    return wanted.subscription_id


def titled(code: str) -> str:
    """An example's program and message."""
    name = re.search(
        r"--(?:name|type) (\w+)|/(?:update|signal|query)/(\w+)|\"workflowType\": {\"name\": \"(\w+)\"", code
    )
    assert name
    return f"{code.split(maxsplit=1)[0]}-{name[1] or name[2] or name[3]}"


@pytest.mark.parametrize(("kind", "check", "expected", "code"), EXAMPLES, ids=[titled(e[3]) for e in EXAMPLES])
async def test_example(
    world: World, server: EmbeddedServer, shop: Shop, kind: str, check: str, expected: str, code: str
) -> None:
    orders = kind == "shop"
    customer = await shop.customer() if orders else ""
    subscription_id = "" if orders else await bought(world, kind)
    order_id = f"order-of-{customer}"
    binaries = Path(sys.executable).parent
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euc",
        code,
        env={
            **os.environ,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "TEMPORAL_ADDRESS": server.address,
            "API": f"{server.http_address}/api/v1/namespaces/default",
            "ID": subscription_id,
            "CUSTOMER": customer,
            "ORDER": order_id,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    printed = out.decode()
    fails = expected.startswith("fails: ")
    assert (process.returncode != 0) == fails, printed
    if check == "shows":
        assert expected.removeprefix("fails: ") in printed, printed
    elif check == "ordered":
        (line,) = (await world.orders.settled(order_id)).lines
        assert (line.status, line.subscription_id) == (expected, f"{order_id}-1")
    else:
        details = await world.subscriptions.details(subscription_id)
        if check == "refused":
            assert expected in details.refused_signals[-1].message
        else:
            life = await world.subscriptions.life(subscription_id)
            assert life.recent[-1].event == expected
            assert details.refused_signal_count == 0


def test_the_page_shows_every_update_and_signal_by_both_ways() -> None:
    shown = {titled(code) for _, _, _, code in EXAMPLES}
    for name in (UPDATES.keys() - OPERATORS) | SIGNALS.keys() | {"OrderWorkflow"}:
        assert f"temporal-{name}" in shown
        assert f"curl-{name}" in shown


def test_the_json_of_every_example_is_json() -> None:
    for _, _, _, code in EXAMPLES:
        # A variable of the shell stands between two quoted parts.
        for text in re.findall(r"--input '(.*?)'", re.sub(r"'\$\w+'", "variable", code), re.DOTALL):
            json.loads(text)
