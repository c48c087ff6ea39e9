"""A bulk operation does what it has shown, to the cent, once, and says of each item what became of it."""

import asyncio
from decimal import Decimal

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain.bulk.items import ItemStatus
from domain.bulk.operations import BulkState
from domain.bulk.requests import Ask, TakePolicy
from domain.policy import PACKS
from domain.subscription.commands import Cancel, ChangePrice, Reactivate, SetAutoRenew
from domain.subscription.holds import Reason
from hosting.assembly import World
from perennial.bulk.bulk import BulkRefused, Pace
from perennial.bulk.planning import NothingMatches, UnknownSubscriptions
from tests.support.shop.bulk import (
    FAST,
    SUSPEND,
    became,
    bought,
    done,
    events_of,
    items,
    ledger_sums,
    licences,
    new_id,
    planned,
    planned_rows,
)
from tests.support.shop.live import Shop
from workflows.bulk.messages import StartBulk
from workflows.bulk.workflow import BulkWorkflow
from workflows.calls.errors import WorkflowFailed
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import bulk_workflow_id

pytestmark = pytest.mark.live
OPERATOR = Operator(by="operator")


async def test_the_money_that_was_shown_is_the_money_of_the_books(world: World, shop: Shop) -> None:
    buyer, ids = await bought(shop, 12)
    before = {one: len(await world.books.subscriptions.rows(one)) for one in ids}
    rows = {one: licences(2 + number % 4) for number, one in enumerate(ids)}
    plan = await planned_rows(world, dict(rows))
    assert plan.totals.count(ItemStatus.WAITING) == 12
    bulk_id, progress = await done(world, plan)
    assert progress.state is BulkState.DONE
    assert progress.counts == {ItemStatus.DONE: 12}
    shown = plan.totals
    assert progress.charges == shown.charges(ItemStatus.WAITING) != ()
    assert progress.credits == shown.credits(ItemStatus.WAITING)
    assert progress.charges == await ledger_sums(world, ids, "charge", before)
    assert progress.credits == await ledger_sums(world, ids, "credit", before)
    for one in ids:
        assert (await events_of(world, one)).count("quantity_changed") == 1
        assert (await world.server.subscriptions.details(one)).quantity == rows[one].quantity
    view = await world.perennial.bulk.view(bulk_id)
    assert view.totals == (await world.perennial.bulk.view(bulk_id)).totals
    assert view.operation.shown == plan.totals
    assert view.operation.ended_at is not None
    assert buyer


async def test_what_is_refused_or_unchanged_is_shown_and_not_sent(world: World, shop: Shop) -> None:
    buyer, (held, *free) = await bought(shop, 4)
    await world.server.subscriptions.ask(held, SUSPEND)
    await world.server.subscriptions.ask(free[0], licences(5))
    plan = await planned(world, licences(5), customer=buyer)
    assert [(item.subject, item.status) for item in plan.items] == [
        (held, ItemStatus.REFUSED),
        (free[0], ItemStatus.UNCHANGED),
        (free[1], ItemStatus.WAITING),
        (free[2], ItemStatus.WAITING),
    ]
    bulk_id, progress = await done(world, plan)
    assert progress.counts == {ItemStatus.DONE: 2, ItemStatus.UNCHANGED: 1, ItemStatus.REFUSED: 1}
    (refusal,) = (await world.perennial.bulk.view(bulk_id)).refusals
    assert (refusal.status, refusal.items, refusal.subject) == (ItemStatus.REFUSED, 1, held)
    assert refusal.rule == "LIF-1"


async def test_what_changes_meanwhile_is_not_done_otherwise_than_shown(world: World, shop: Shop) -> None:
    """CXL-1: three are changed, ended or suspended after the preview; nobody pays what was not shown."""
    buyer, (other, ended, same, gone, late) = await bought(shop, 5)
    plan = await planned(world, licences(3), customer=buyer)
    # One that is bought after the preview is not part of it.
    new = await shop.buy_one(buyer, "contoso-crm")
    await world.server.subscriptions.ask(other, licences(2))
    await world.server.subscriptions.ask(ended, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    await world.server.subscriptions.ask(gone, SUSPEND)
    await world.server.subscriptions.ask(late, licences(3))
    bulk_id, progress = await done(world, plan)
    assert await became(world, bulk_id) == {
        other: ItemStatus.CHANGED,
        ended: ItemStatus.ENDED,
        same: ItemStatus.DONE,
        gone: ItemStatus.CHANGED,
        late: ItemStatus.UNCHANGED,
    }
    assert progress.state is BulkState.DONE
    assert (await world.server.subscriptions.details(other)).quantity == 2
    assert (await world.server.subscriptions.details(new)).quantity == 1
    changed = next(item for item in await items(world, bulk_id) if item.subject == other)
    assert "no longer what was shown" in changed.message
    assert changed.charge is None


async def test_every_action_in_a_row(world: World, shop: Shop) -> None:
    buyer, ids = await bought(shop, 3)
    pack = PACKS["csp-2019"].model_copy(update={"version": 7})
    asks: list[tuple[Ask, str | None]] = [
        (SUSPEND, "suspended"),
        (Reactivate(by="admin_agent"), "reactivated"),
        (SetAutoRenew(by="admin_agent", enabled=False), "auto_renew_changed"),
        (ChangePrice(by="system", unit_price=Decimal("12.00")), "price_scheduled"),
        (TakePolicy(by="global_admin", policy=pack), None),
        (Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), "cancelled"),
    ]
    for ask, event in asks:
        bulk_id, progress = await done(world, await planned(world, ask, customer=buyer))
        assert progress.counts == {ItemStatus.DONE: 3}, (ask, await items(world, bulk_id))
        if event is None:
            assert [await policy_of(world, one) for one in ids] == [7, 7, 7]
        else:
            assert [(await events_of(world, one))[-1] for one in ids] == [event] * 3
    with pytest.raises(NothingMatches, match=f"No subscription that has not ended matches: customer {buyer}"):
        await planned(world, SUSPEND, customer=buyer)


async def policy_of(world: World, subscription_id: str) -> int:
    """The version of the pack of its next term."""
    pack = (await world.server.subscriptions.life(subscription_id)).subscription.next_policy
    assert pack is not None
    return pack.version


async def test_a_policy_is_refused_where_it_is_another_pack_or_known(world: World, shop: Shop) -> None:
    buyer, (knows, other) = await bought(shop, 2)
    newer = TakePolicy(by="global_admin", policy=PACKS["csp-2019"].model_copy(update={"version": 3}))
    await done(world, await planned_rows(world, {knows: newer}))
    plan = await planned(world, newer, customer=buyer)
    assert [item.status for item in plan.items] == [ItemStatus.UNCHANGED, ItemStatus.WAITING]
    foreign = TakePolicy(by="global_admin", policy=PACKS["nce-2022"].model_copy(update={"version": 9}))
    plan = await planned(world, foreign, customer=buyer)
    assert [item.status for item in plan.items] == [ItemStatus.REFUSED] * 2
    with pytest.raises(BulkRefused, match="There is nothing to do"):
        await world.perennial.bulk.start(new_id(), plan, FAST)
    assert other


async def test_started_twice_is_done_once_and_other_content_is_refused(world: World, shop: Shop) -> None:
    buyer, ids = await bought(shop, 3)
    plan, bulk_id = await planned(world, licences(4), customer=buyer), new_id()
    started = await asyncio.gather(*(world.perennial.bulk.start(bulk_id, plan, FAST) for _ in range(8)))
    assert len({operation.started_at for operation in started}) == 1
    await world.perennial.bulk.settled(bulk_id)
    for one in ids:
        assert (await events_of(world, one)).count("quantity_changed") == 1
    with pytest.raises(BulkRefused, match="has ended"):
        await world.perennial.bulk.begun(bulk_id, plan.request)
    with pytest.raises(BulkRefused, match="started with other content"):
        await world.perennial.bulk.start(bulk_id, await planned(world, SUSPEND, customer=buyer), FAST)


async def test_paused_resumed_and_stopped(world: World, shop: Shop) -> None:
    buyer, ids = await bought(shop, 20)
    bulk, bulk_id = world.perennial.bulk, new_id()
    await bulk.start(bulk_id, await planned(world, licences(2), customer=buyer), Pace(per_second=1))
    assert "nothing more is sent" in await bulk.steer(bulk_id, "pause", Operator(by="ann", note="a look"))
    assert (await bulk.settled(bulk_id)).reason == "paused by ann: a look"
    with pytest.raises(Exception, match="It is paused already"):
        await bulk.steer(bulk_id, "pause", OPERATOR)
    while (view := await bulk.view(bulk_id)).operation.state is not BulkState.PAUSED:
        await asyncio.sleep(0.05)
    assert view.totals.count(ItemStatus.DONE) in {0, 5}
    assert "At most 1,000 per second" in await bulk.set_rate(bulk_id, "ann", 1000)
    await bulk.resume(bulk_id, OPERATOR)
    assert (await bulk.settled(bulk_id)).counts == {ItemStatus.DONE: 20}
    with pytest.raises(BulkRefused, match=rf"{bulk_id} has ended \(done\)"):
        await bulk.resume(bulk_id, OPERATOR)
    for one in ids:
        assert (await events_of(world, one)).count("quantity_changed") == 1

    second = new_id()
    await bulk.start(second, await planned(world, licences(3), customer=buyer), Pace(per_second=1))
    await bulk.steer(second, "stop", OPERATOR)
    assert (await world.server.bulks.handle(second).result()).state is BulkState.STOPPED
    view = await bulk.view(second)
    assert view.operation.state is BulkState.STOPPED
    assert view.totals.count(ItemStatus.WAITING) in {15, 20}
    with pytest.raises(BulkRefused, match=rf"{second} has ended \(stopped\)"):
        await bulk.steer(second, "pause", OPERATOR)
    # Started anew by anyone, it sends nothing.
    await world.server.bulks.start(StartBulk(bulk_id=second), "again")
    assert (await world.server.bulks.handle(second).result()).state is BulkState.STOPPED
    assert (await bulk.view(second)).totals == view.totals


async def test_the_rate_is_kept(world: World, shop: Shop) -> None:
    buyer, _ = await bought(shop, 9)
    began = asyncio.get_running_loop().time()
    await done(world, await planned(world, licences(2), customer=buyer), Pace(per_second=4))
    assert asyncio.get_running_loop().time() - began >= 2


async def test_an_operation_runs_in_many_runs(world: World, shop: Shop) -> None:
    buyer, ids = await bought(shop, 7)
    bulk_id, plan = new_id(), await planned(world, licences(2), customer=buyer)
    books, server = world.books.bulks, world.server
    await world.perennial.bulk.start(bulk_id, plan, Pace(per_second=1))
    await world.perennial.bulk.steer(bulk_id, "pause", OPERATOR)
    await server.bulks.handle(bulk_id).terminate()
    view = await world.perennial.bulk.view(bulk_id)
    assert view.trouble is not None
    assert "its workflow does not run" in view.trouble.message
    handle = await server.client.start_workflow(
        BulkWorkflow.run,
        StartBulk(bulk_id=bulk_id, per_second=1000, batch=1, batches_per_run=2),
        id=bulk_workflow_id(bulk_id),
        task_queue="perennial",
    )
    first_run = handle.result_run_id
    assert (await handle.result()).counts == {ItemStatus.DONE: 7}
    assert (await server.bulks.handle(bulk_id).describe()).run_id != first_run
    assert (await books.totals(bulk_id)).count(ItemStatus.DONE) == 7
    for one in ids:
        assert (await events_of(world, one)).count("quantity_changed") == 1


async def test_a_terminated_one_goes_on_where_it_was(world: World, shop: Shop) -> None:
    buyer, ids = await bought(shop, 8)
    bulk, bulk_id = world.perennial.bulk, new_id()
    await bulk.start(bulk_id, await planned(world, licences(2), customer=buyer), Pace(per_second=1))
    await world.server.bulks.handle(bulk_id).terminate()
    with pytest.raises(BulkRefused, match="its workflow does not run"):
        await bulk.steer(bulk_id, "pause", OPERATOR)
    assert "started again" in await bulk.resume(bulk_id, OPERATOR)
    await bulk.set_rate(bulk_id, "ann", 1000)
    assert (await bulk.settled(bulk_id)).counts == {ItemStatus.DONE: 8}
    for one in ids:
        assert (await events_of(world, one)).count("quantity_changed") == 1


async def test_the_web_ui_says_how_far_it_is(world: World, shop: Shop) -> None:
    buyer, _ = await bought(shop, 2)
    bulk_id, _ = await done(world, await planned(world, licences(2), customer=buyer))
    handle = world.server.bulks.handle(bulk_id)
    shown = await handle.query("__temporal_workflow_metadata")
    details = shown["currentDetails"] if isinstance(shown, dict) else shown.current_details
    assert f"## Bulk operation {bulk_id}: 2 of 2 items, done" in details
    described = await handle.describe()
    assert described.status is WorkflowExecutionStatus.COMPLETED
    assert await described.static_summary() == f"change_quantity of 2 items: customer {buyer}"


async def test_files_name_what_the_books_do_not_have(world: World, shop: Shop) -> None:
    _, (one,) = await bought(shop, 1)
    with pytest.raises(UnknownSubscriptions, match=r"There is no subscription nobody-1, nobody-2\."):
        await planned_rows(world, {"nobody-1": SUSPEND, one: SUSPEND, "nobody-2": SUSPEND})


async def test_an_operation_that_the_books_do_not_have_fails_in_one_line(world: World) -> None:
    await world.server.bulks.start(StartBulk(bulk_id="nowhere"), "nothing")
    with pytest.raises(Exception, match="Workflow execution failed") as caught:
        await world.server.bulks.handle("nowhere").result()
    assert "There is no bulk operation nowhere in the books" in str(caught.value.__cause__)
    with pytest.raises(WorkflowFailed):
        await world.server.bulks.settled("nowhere")
