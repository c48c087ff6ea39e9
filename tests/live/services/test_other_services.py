"""Every example of docs/other-services.md does what the page says, by the real CLI, by curl and in Python."""

import asyncio
import json
import os
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.account.events import AccountEventName
from domain.subscription.commands import ChangeQuantity, Suspend
from domain.subscription.holds import Reason
from hosting.assembly import World
from hosting.embedded.server import EmbeddedServer
from tests.support.live.payers import Payer
from tests.support.live.purchases import offer, order
from tests.support.paths import ROOT
from tests.support.shop.live import Shop
from workflows.account.messages import ACCOUNT_SIGNALS
from workflows.subscription.messages import SIGNALS, UPDATES

PAGE = (ROOT / "docs" / "other-services.md").read_text()
FOUND = re.findall(r"<!-- run on: ([\w-]+); (\w+): (.*?) -->\n```(sh|python)\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = [
    (kind, check, expected, f"python - <<'CODE'\n{code}CODE\n" if language == "python" else code)
    for kind, check, expected, language, code in FOUND
]
OPERATORS = {"retry_effect", "migrate", "retry_notification", "skip_notification"}

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
        "changed": offer(),
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
    if kind == "changed":
        more = ChangeQuantity(by="admin_agent", quantity=5)
        await world.subscriptions.ask(wanted.subscription_id, more)
    await world.subscriptions.settled(wanted.subscription_id)
    return wanted.subscription_id


def titled(code: str) -> str:
    """An example's program and message."""
    name = re.search(
        r"--(?:name|type) (\w+)|/(?:update|signal|query)/(\w+)|\"workflowType\": {\"name\": \"(\w+)\""
        r"|execute_update\(\"(\w+)\"|(ReceivePayment|RejectQuantity)",
        code,
    )
    assert name
    return f"{code.split(maxsplit=1)[0]}-{next(filter(None, name.groups()))}"


ACCOUNT_EXAMPLES = [example for example in EXAMPLES if example[0] == "owing"]
OTHER_EXAMPLES = [example for example in EXAMPLES if example[0] != "owing"]


def each(examples: list[tuple[str, str, str, str]]) -> pytest.MarkDecorator:
    """A test of each of these."""
    names = [titled(example[3]) for example in examples]
    return pytest.mark.parametrize(("kind", "check", "expected", "code"), examples, ids=names)


async def printed_by(code: str, server: EmbeddedServer, *, fails: bool, **variables: str) -> str:
    """What the example prints, run with the page's variables; it fails where the page says so."""
    binaries = Path(sys.executable).parent
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-euc",
        code,
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{binaries}:{os.environ['PATH']}",
            "TEMPORAL_ADDRESS": server.address,
            "API": f"{server.http_address}/api/v1/namespaces/default",
            **variables,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    printed = out.decode()
    assert (process.returncode != 0) == fails, printed
    return printed


@each(OTHER_EXAMPLES)
async def test_example(
    world: World, server: EmbeddedServer, shop: Shop, kind: str, check: str, expected: str, code: str
) -> None:
    orders = kind == "shop"
    customer = await shop.customer() if orders else ""
    subscription_id = "" if orders else await bought(world, kind)
    order_id = f"order-of-{customer}"
    fails = expected.startswith("fails: ")
    printed = await printed_by(code, server, fails=fails, ID=subscription_id, CUSTOMER=customer, ORDER=order_id)
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
            assert kind != "changed" or details.quantity == 1, "what it was bought with"
            assert details.refused_signal_count == 0


@each(ACCOUNT_EXAMPLES)
async def test_example_of_an_account(
    world: World, server: EmbeddedServer, kind: str, check: str, expected: str, code: str
) -> None:
    """MON-6: of a customer that owes USD 30.00."""
    payer = Payer(world)
    await payer.buy()
    await payer.live_until(datetime(2027, 2, 1, tzinfo=UTC))
    fails = expected.startswith("fails: ")
    printed = await printed_by(code, server, fails=fails, CUSTOMER=payer.id)
    life = await world.accounts.settled(payer.id)
    if check == "shows":
        assert expected.removeprefix("fails: ") in printed, printed
    elif check == "refused":
        assert expected in life.refused_signals[-1].message
    else:
        event = life.recent[-1]
        money = f" {event.currency} {event.amount}" if event.event is AccountEventName.PAYMENT_RECEIVED else ""
        assert f"{event.event}{money}" == expected
        assert life.refused_signal_count == 0


def test_the_page_shows_every_update_and_signal_by_both_ways() -> None:
    shown = {titled(code) for _, _, _, code in EXAMPLES}
    for name in (UPDATES.keys() - OPERATORS) | SIGNALS.keys() | {"OrderWorkflow"}:
        assert f"temporal-{name}" in shown
        assert f"curl-{name}" in shown


def test_the_page_shows_what_is_told_of_payments_by_every_way() -> None:
    """As an update by the CLI, by curl and in Python; as a signal by the CLI and by curl."""
    codes = [code for _, _, _, code in ACCOUNT_EXAMPLES]
    for name in ACCOUNT_SIGNALS:
        for way in (
            rf"temporal workflow update .*--name {name} ",
            rf"temporal workflow signal .*--name {name} ",
            rf"curl .*/update/{name}\"",
            rf"curl .*/signal/{name}\"",
            rf"python .*execute_update\(\"{name}\"",
        ):
            assert any(re.match(way, code, re.DOTALL) for code in codes), way


def test_the_json_of_every_example_is_json() -> None:
    for _, _, _, code in EXAMPLES:
        # A variable of the shell stands between two quoted parts.
        for text in re.findall(r"--input '(.*?)'", re.sub(r"'\$\w+'", "variable", code), re.DOTALL):
            json.loads(text)
