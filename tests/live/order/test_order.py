"""Orders on a real server: each line by itself, once, and tried again by the same call (BUY-3, ELG-1, TRI-4, ISV-4)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus

from activities.orders.contracts import PlacedOrder
from activities.settings import Settings
from domain.rules import Rule
from domain.subscription.commands import Activate, Cancel, Suspend
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.purchases import order
from tests.support.shop.live import Shop, locked_books
from workflows.calls.attempts import call
from workflows.calls.errors import NotFound, Rejected, WorkflowFailed
from workflows.durable.clock import TestClock
from workflows.durable.search_attributes import CUSTOMER
from workflows.subscription.client import Subscriptions

pytestmark = pytest.mark.live
REASON = Reason.CUSTOMER_REQUEST


def statuses(placed: PlacedOrder) -> list[tuple[str, str | None]]:
    """Each line's status, with the rule that refused it."""
    return [(line.status.value, line.refusal.rule.value if line.refusal else None) for line in placed.lines]


async def names(world: World, subscription_id: str) -> list[str]:
    return [event.event.value for event in await world.books.subscriptions.events(subscription_id)]


async def cancel(world: World, subscription_id: str) -> None:
    await world.server.subscriptions.ask(subscription_id, Cancel(by="admin_agent", reason=REASON))


async def shown(world: World, order_id: str) -> str:
    """What the Web UI shows of the order."""
    handle = world.server.orders.handle(order_id)

    async def look(_: timedelta) -> WorkflowMetadata:
        found: WorkflowMetadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return found

    metadata = await call(f"order {order_id}", look, lambda error: NotFound(error.message))
    return str(metadata.current_details)


async def test_each_line_is_bought_or_refused_by_itself(world: World, shop: Shop) -> None:
    buyer = await shop.customer()
    wanted = shop.order(
        buyer,
        {"quantity": 5, "add_ons": {"backup": 2}},
        {"offer": "only-in-france"},
        {"offer": "solo"},
        {"offer": "none"},
    )
    placed = await shop.buy(wanted)
    assert statuses(placed) == [("bought", None), ("refused", "ELG-3"), ("bought", None), ("refused", "ELG-6")]
    assert [line.subscription_id for line in placed.lines] == [f"{wanted.order_id}-{n}" for n in range(1, 5)]
    assert await world.books.orders.order(wanted.order_id) == placed
    life = await world.server.subscriptions.life(f"{wanted.order_id}-1")
    assert (life.subscription.quantity, life.subscription.add_ons) == (5, {"backup": 2})
    rows = await world.books.subscriptions.rows(f"{wanted.order_id}-1")
    assert [(row.line, str(row.amount)) for row in rows] == [("contoso-crm", "50.00"), ("backup", "5.00")]
    assert await names(world, f"{wanted.order_id}-2") == []


async def test_what_the_web_ui_shows(world: World, shop: Shop) -> None:
    buyer = await shop.customer()
    wanted = shop.order(buyer, {"quantity": 5}, {"offer": "only-in-france"})
    await shop.buy(wanted)
    handle = world.server.orders.handle(wanted.order_id)
    seen = await handle.describe()
    assert seen.typed_search_attributes.get(CUSTOMER) == buyer
    assert await seen.static_summary() == f"2 lines for {buyer}"
    activities = [
        (event.activity_task_scheduled_event_attributes.activity_type.name, event.user_metadata.summary.data.decode())
        for event in (await handle.fetch_history()).events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert activities == [
        ("open_order", f'"open the order: 2 lines for {buyer}"'),
        ("place_line", '"place line 1: 5 x contoso-crm"'),
        ("place_line", '"place line 2: 1 x only-in-france"'),
        ("start_line", '"start line 1: 5 x contoso-crm"'),
    ]
    details = await shown(world, wanted.order_id)
    assert details.startswith(f"## Order {wanted.order_id} for {buyer}: 1 bought, 1 refused")
    assert "ELG-3: The publisher of Only in France does not support customers in US." in details


async def test_the_same_order_again_returns_the_first_result(world: World, shop: Shop) -> None:
    """BUY-3: also twenty times at once."""
    wanted = shop.order(await shop.customer(), {}, {"offer": "solo"})
    await asyncio.gather(*(world.server.orders.place(wanted) for _ in range(20)))
    first = await world.server.orders.settled(wanted.order_id)
    assert statuses(first) == [("bought", None)] * 2
    assert await shop.buy(wanted) == first
    for number in (1, 2):
        assert await names(world, f"{wanted.order_id}-{number}") == ["purchased"]


async def test_other_content_under_the_id_is_refused_and_changes_nothing(world: World, shop: Shop) -> None:
    """BUY-3."""
    wanted = shop.order(await shop.customer(), {"quantity": 3})
    first = await shop.buy(wanted)
    other = shop.order(wanted.customer, {"quantity": 4}, order_id=wanted.order_id)
    with pytest.raises(WorkflowFailed, match="other content"):
        await shop.buy(other)
    with pytest.raises(WorkflowFailed, match="other content"):
        await world.server.orders.order(wanted.order_id)
    assert await world.books.orders.order(wanted.order_id) == first
    assert await shop.buy(wanted) == first


async def test_other_content_is_refused_at_once_while_the_first_is_bought(
    world: World, shop: Shop, settings: Settings
) -> None:
    wanted = shop.order(await shop.customer(), {"quantity": 3})
    other = shop.order(wanted.customer, {"quantity": 3, "policy": "nce-2022"}, order_id=wanted.order_id)
    with locked_books(settings):
        await world.server.orders.place(wanted)
        with pytest.raises(Rejected, match="is being bought with other content"):
            await world.server.orders.place(other)
        await world.server.orders.place(wanted)
        assert statuses(await world.server.orders.order(wanted.order_id)) == [("waiting", None)]
    assert statuses(await world.server.orders.settled(wanted.order_id)) == [("bought", None)]


async def test_the_same_call_buys_the_line_that_was_refused(world: World, shop: Shop) -> None:
    """BUY-3, ELG-1, ELG-2: once what stood in its way has gone."""
    buyer = await shop.customer()
    owned = await shop.buy_one(buyer, "solo")
    wanted = shop.order(buyer, {}, {"offer": "solo"})
    refused = await shop.buy(wanted)
    assert statuses(refused) == [("bought", None), ("refused", "ELG-1")]
    await world.server.subscriptions.ask(owned, Suspend(by="admin_agent", reason=REASON))
    suspended = (await shop.buy(wanted)).lines[1].refusal
    assert suspended is not None
    assert (suspended.rule, suspended.subscription_id) == (Rule.ELG_2, owned)
    await cancel(world, owned)
    bought = await shop.buy(wanted)
    assert statuses(bought) == [("bought", None)] * 2
    assert await names(world, f"{wanted.order_id}-1") == ["purchased"]
    assert await names(world, f"{wanted.order_id}-2") == ["purchased"]


async def test_of_twenty_orders_at_once_exactly_one_wins(world: World, shop: Shop) -> None:
    """ELG-1, invariant 7."""
    buyer = await shop.customer()
    wanted = [shop.order(buyer, {"offer": "solo"}) for _ in range(20)]
    placed = await asyncio.gather(*(shop.buy(one) for one in wanted))
    outcomes = [statuses(one)[0] for one in placed]
    assert sorted(outcomes, key=str) == [("bought", None)] + [("refused", "ELG-1")] * 19
    winner = next(one.lines[0].subscription_id for one in placed if one.lines[0].status == "bought")
    assert {one.lines[0].refusal.subscription_id for one in placed if one.lines[0].refusal} == {winner}
    # Once the winner has gone, a new life begins, under an id of its own.
    await cancel(world, winner)
    again = await shop.buy_one(buyer, "solo")
    assert again != winner
    assert await names(world, winner) == ["purchased", "cancelled"]
    assert await names(world, again) == ["purchased"]


async def test_inside_one_order_the_first_line_wins(world: World, shop: Shop) -> None:
    buyer = await shop.customer()
    placed = await shop.buy(shop.order(buyer, *[{"offer": "solo"}] * 5))
    assert statuses(placed) == [("bought", None)] + [("refused", "ELG-1")] * 4


async def test_a_second_trial_begins_paid_also_after_the_first_is_deleted(world: World, shop: Shop) -> None:
    """TRI-4: one trial per customer and offer, for ever."""
    buyer = await shop.customer()
    at = datetime.now(UTC)
    first = await shop.buy_one(buyer, "trial")
    assert await names(world, first) == ["purchased", "trial_started"]
    second = await shop.buy_one(buyer, "trial")
    assert await names(world, second) == ["purchased"]
    assert [str(row.amount) for row in await world.books.subscriptions.rows(second)] == ["10.00"]
    for one in (first, second):
        await world.server.subscriptions.ask(one, Suspend(by="admin_agent", reason=REASON))
        handle, long_after = world.server.subscriptions.handle(one), at + timedelta(days=130)
        await world.clock.advance(handle, TestClock(), long_after)
        await world.server.subscriptions.settled(one, long_after)
        await handle.result()
        assert (await names(world, one))[-1] == "deleted"
    third = await shop.buy_one(buyer, "trial", at=at + timedelta(days=131))
    assert await names(world, third) == ["purchased"]


async def test_an_order_that_needs_set_up_waits_for_the_publisher(world: World, shop: Shop) -> None:
    """ISV-1, ISV-3, ISV-4."""
    bought = await shop.buy_one(await shop.customer(), "set-up")
    assert (await world.server.subscriptions.details(bought)).state == "pending"
    now = datetime.now(UTC)
    link = await world.books.setup_links.issue(bought, now)
    resolved = await world.books.setup_links.resolve(link.url.partition("token=")[2], now)
    assert (resolved.subscription_id, resolved.state) == (bought, "pending")
    await world.server.subscriptions.ask(bought, Activate(by="publisher"))
    assert await names(world, bought) == ["purchased", "activated"]


async def test_lines_are_ordered_at_the_test_clocks_instant(world: World, shop: Shop) -> None:
    bought = await shop.buy_one(await shop.customer(), "contoso-crm", at=datetime(2021, 1, 31, 9, tzinfo=UTC))
    ordered_at = (await world.server.subscriptions.life(bought)).subscription.ordered_at
    assert abs(ordered_at - datetime(2021, 1, 31, 9, tzinfo=UTC)) < timedelta(minutes=1)
    assert (await world.server.subscriptions.details(bought)).now < datetime(2021, 2, 1, tzinfo=UTC)


async def test_a_life_that_another_has_begun_stops_its_line_only(world: World, shop: Shop) -> None:
    """A permanent error leaves the line where it is, with its words; the others go on."""
    wanted = shop.order(await shop.customer(), {}, {}, {})
    # It is not in the books, since nobody works on its queue: the claim on the id shows at the start only.
    elsewhere = Subscriptions(world.server.client, "nobody-works-here")
    await elsewhere.buy(order(subscription_id=f"{wanted.order_id}-2"))
    stopped = await shop.buy(wanted)
    assert [line.status for line in stopped.lines] == ["bought", "placed", "bought"]
    assert stopped.lines[1].error == (
        f"OrderConflict: Subscription {wanted.order_id}-2 was bought otherwise already. Choose another id."
    )
    assert stopped.settled
    assert await shop.buy(wanted) == stopped
    await elsewhere.handle(f"{wanted.order_id}-2").terminate()


async def test_temporals_own_cancellation_leaves_no_line_half_bought(
    world: World, shop: Shop, settings: Settings
) -> None:
    wanted = shop.order(await shop.customer(), {}, {"offer": "solo"}, {"offer": "only-in-france"})
    handle = world.server.orders.handle(wanted.order_id)
    with locked_books(settings):
        await world.server.orders.place(wanted)
        await handle.cancel()
        await world.server.orders.order(wanted.order_id)
    settled = await world.server.orders.settled(wanted.order_id)
    assert statuses(settled) == [("bought", None), ("bought", None), ("refused", "ELG-3")]
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert "cancel the subscriptions that it bought" in await shown(world, wanted.order_id)


async def test_an_order_that_nobody_knows(world: World) -> None:
    with pytest.raises(NotFound, match="There is no order nobody on this server"):
        await world.server.orders.order("nobody")
