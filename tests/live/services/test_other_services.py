"""Every example of docs/other-services.md does what the page says, by the real CLI, by curl and in Python."""

import asyncio
import os
import shutil
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from domain.account.events import AccountEventName
from domain.account.requests import ReserveRefund
from domain.subscription.commands import ChangeQuantity, Suspend
from domain.subscription.holds import Reason
from domain.subscription.scheduled import When
from hosting.assembly import World
from hosting.embedded.server import EmbeddedServer
from tests.support.live.payers import Payer, payment
from tests.support.live.purchases import order
from tests.support.pages.services_page import EXAMPLES, ROWS, WAYS, Example, Row
from tests.support.paths import ROOT
from tests.support.shop.live import Shop
from tests.support.shop.offers import offer
from workflows.account.messages import ACCOUNT_SIGNALS
from workflows.subscription.messages import SIGNALS, UPDATES

OPERATORS = {
    "retry_effect",
    "settle_conflict",
    "migrate",
    "retry_notification",
    "skip_notification",
    "new_run_requested",
}
NO_SERVICES = OPERATORS | {"rows_written"}
"""What no other service sends: operators do, or the workers themselves."""

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
        "scheduled": offer(),
        "pending": offer(setup="publisher"),
        "usage": offer(billing_type="usage"),
    }
    if kind not in kinds:
        return kind
    wanted = order(kinds[kind], at=datetime.now(UTC), quantity=1)
    await world.server.subscriptions.buy(wanted)
    if kind == "suspended":
        hold = Suspend(by="service", reason=Reason.CUSTOMER_REQUEST)
        await world.server.subscriptions.ask(wanted.subscription_id, hold)
    if kind in {"changed", "scheduled"}:
        more = ChangeQuantity(by="admin_agent", quantity=5, when=When.RENEWAL if kind == "scheduled" else When.NOW)
        await world.server.subscriptions.ask(wanted.subscription_id, more)
    await world.server.subscriptions.settled(wanted.subscription_id)
    return wanted.subscription_id


STARTS = {
    "activate": "pending",
    "reactivate": "suspended",
    "reject_quantity": "changed",
    "undo_scheduled_changes": "scheduled",
    "deprovision": "usage",
}
"""The subscription that a request is for, where it is not an active one."""
TWINS = {signal: command.model_fields["do"].default for signal, command in SIGNALS.items() if signal not in OPERATORS}
EVENTS = {
    "activate": "activated",
    "reactivate": "reactivated",
    "reject_quantity": "quantity_changed",
    "suspend": "suspended",
    "cancel": "cancelled",
    "set_auto_renew": "auto_renew_changed",
    "payment_received": "payment_received USD 5.00",
    "payment_failed": "payment_failed",
    "payment_reversed": "payment_reversed",
    "refund_paid": "refund_paid",
}
"""The last event after a signal, and after a payment by any way."""
SHOWS = {
    "cancel": '"outcome":"cancelled_with_credit"',
    "details": '"state":"active"',
    "timeline": '"what":"renew"',
    "events": '"event":"purchased"',
    "preview": '"outcome":"cancelled_with_credit"',
    "what_if": '"event":"deleted"',
    "recount_usage": '"as_of"',
    "committed": '"seq":1',
}
"""What is printed; of an update, where nothing else is said here, that it is done."""
ACCOUNT_SHOWS = {"details": '"due":"30.00"', "timeline": '"what":"overdue"'}
PYTHON = {"cancel", *ACCOUNT_SIGNALS} - NO_SERVICES
"""The updates that are sent from Python too: the others differ in nothing but their names."""


def ways(page: str) -> pytest.MarkDecorator:
    """Each request of the page's tables by each way that the page shows."""
    cases = [
        pytest.param(row, code, id=f"{way}-{row.kind}-{row.name}")
        for row in ROWS
        if row.page == page
        for (kind, way), code in WAYS.items()
        if kind == row.kind and (way != "python" or row.name in PYTHON)
    ]
    return pytest.mark.parametrize(("row", "code"), cases)


def each(examples: list[Example]) -> pytest.MarkDecorator:
    """A test of each of these."""
    return pytest.mark.parametrize("example", examples, ids=[one.expected[:40] for one in examples])


async def printed_by(code: str, server: EmbeddedServer, *, fails: bool = False, **variables: str) -> str:
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
            "API": f"{server.endpoints.http_address}/api/v1/namespaces/default",
            **variables,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    printed = out.decode()
    assert (process.returncode != 0) == fails, printed
    return printed


def says(printed: str, expected: str) -> bool:
    """Whether the JSON is in what was printed, which the CLI writes without quotes and Python with blanks."""
    return expected in printed or expected.replace('"', "") in printed or expected.replace(":", ": ") in printed


@ways("subscription")
async def test_request_to_a_subscription(world: World, server: EmbeddedServer, row: Row, code: str) -> None:
    asked = TWINS.get(row.name, row.name)
    subscription_id = await bought(world, STARTS.get(asked, "active"))
    printed = await printed_by(
        code, server, WORKFLOW=f"subscription:{subscription_id}", NAME=row.name, REQUEST=row.request
    )
    if row.kind != "signal":
        assert says(printed, SHOWS.get(row.name, '"outcome":"done"')), printed
        return
    life = await world.server.subscriptions.life(subscription_id)
    assert life.recent[-1].event == EVENTS[asked]
    assert asked != "reject_quantity" or life.subscription.quantity == 1, "what it was bought with"
    assert life.refused_signal_count == 0


async def prepared_for(world: World, name: str) -> Payer:
    """A customer that owes, and has paid or is to be paid what the request is about (MON-10)."""
    payer = await owing(world)
    if name in {"payment_reversed", "refund_paid"}:
        await world.server.accounts.ask(payer.id, payment("p-17", "40.00"))
    if name == "refund_paid":
        refund = ReserveRefund(by="admin_agent", refund_id="r-5", currency="USD", amount=Decimal(5), reason="asked")
        await world.server.accounts.ask(payer.id, refund)
    return payer


async def owing(world: World) -> Payer:
    """MON-6: a customer that owes USD 30.00."""
    payer = Payer(world)
    await payer.buy()
    await payer.live_until(datetime(2027, 2, 1, tzinfo=UTC))
    return payer


@ways("billing-account")
async def test_request_to_an_account(world: World, server: EmbeddedServer, row: Row, code: str) -> None:
    payer = await prepared_for(world, row.name)
    printed = await printed_by(code, server, WORKFLOW=f"billing-account:{payer.id}", NAME=row.name, REQUEST=row.request)
    if row.kind == "query":
        assert says(printed, ACCOUNT_SHOWS[row.name]), printed
        return
    life = await world.server.accounts.settled(payer.id)
    event = life.recent[-1]
    money = f" {event.currency} {event.amount}" if event.event is AccountEventName.PAYMENT_RECEIVED else ""
    assert f"{event.event}{money}" == EVENTS[row.name]
    assert life.refused_signal_count == 0


@each([example for example in EXAMPLES if example.kind != "owing"])
async def test_example(world: World, server: EmbeddedServer, shop: Shop, example: Example) -> None:
    kind, check, expected, code = example
    orders = kind == "shop"
    customer = await shop.customer() if orders else ""
    subscription_id = "" if orders else await bought(world, kind)
    order_id = f"order-of-{customer}"
    fails = expected.startswith("fails: ")
    printed = await printed_by(code, server, fails=fails, ID=subscription_id, CUSTOMER=customer, ORDER=order_id)
    if check == "shows":
        assert expected.removeprefix("fails: ") in printed, printed
    elif check == "ordered":
        (line,) = (await world.server.orders.settled(order_id)).lines
        assert (line.status, line.subscription_id) == (expected, f"{order_id}-1")
    else:
        details = await world.server.subscriptions.details(subscription_id)
        assert expected in details.refused_signals[-1].message


@each([example for example in EXAMPLES if example.kind == "owing"])
async def test_example_of_an_account(world: World, server: EmbeddedServer, example: Example) -> None:
    payer = await owing(world)
    fails = example.expected.startswith("fails: ")
    printed = await printed_by(example.code, server, fails=fails, CUSTOMER=payer.id)
    life = await world.server.accounts.settled(payer.id)
    if example.check == "shows":
        assert example.expected.removeprefix("fails: ") in printed, printed
    else:
        assert example.expected in life.refused_signals[-1].message


def test_the_tables_have_every_message() -> None:
    """Every update and signal, but those that no service sends; of operators' the page has whole examples."""
    listed = {(row.page, row.kind, row.name) for row in ROWS}
    for name in UPDATES.keys() - OPERATORS:
        assert ("subscription", "update", name) in listed
    for name in SIGNALS.keys() - OPERATORS:
        assert ("subscription", "signal", name) in listed
    for name in ACCOUNT_SIGNALS.keys() - NO_SERVICES:
        assert {("billing-account", "update", name), ("billing-account", "signal", name)} <= listed
    for name in OPERATORS | {"OrderWorkflow"}:
        assert any(f" {name} " in example.code for example in EXAMPLES), name
    assert set(SHOWS) - {"cancel", "recount_usage", "committed"} == {
        name for _, kind, name in listed if kind in {"query", "question"}
    }


def test_the_page_shows_every_way() -> None:
    kinds = {"update", "signal", "query", "question"}
    assert WAYS.keys() == {("update", "python"), *((kind, way) for kind in kinds for way in ("cli", "curl"))}
