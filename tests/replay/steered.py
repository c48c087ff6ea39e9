"""What is recorded of a bulk operation: several runs, a failure that pauses it, and every way to steer it."""

import asyncio

from domain.bulk.items import Item, ItemStatus, shown
from domain.bulk.operations import BulkState, Operation
from domain.bulk.requests import BulkRequest, Selection, command_id_of
from domain.bulk.totals import Totals
from domain.subscription.commands import ChangeQuantity
from hosting.assembly import World
from tests.support.live.purchases import order
from workflows.bulk.messages import SetRate, StartBulk
from workflows.bulk.workflow import BulkWorkflow
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import bulk_workflow_id

BULK = "licences"
OPERATOR = Operator(by="operator", note="recorded")
ASK = ChangeQuantity(by="admin_agent", quantity=5)


async def live_steered(world: World) -> None:
    """Three subscriptions get more licences, and one that nobody has bought fails; tried again, and stopped."""
    ids = [f"{BULK}-{number}" for number in range(3)]
    for one in ids:
        await world.server.subscriptions.buy(order(subscription_id=one, customer="recorded"))
        await world.server.subscriptions.settled(one)
    sent = ASK.model_copy(update={"command_id": command_id_of(BULK)})
    items = [
        shown(number, one, sent, await world.server.subscriptions.preview(one, ASK))
        for number, one in enumerate(ids, start=1)
    ]
    items.append(Item(position=4, subject="nobody", status=ItemStatus.WAITING, ask=sent))
    await world.books.bulks.begin(
        Operation(
            bulk_id=BULK,
            request=BulkRequest(ask=ASK, selection=Selection(customer="recorded")),
            started_at=world.perennial.sources.now(),
            shown=Totals.of(items),
            per_second=50,
        ),
        items,
    )
    bulks = world.server.bulks
    await world.server.client.start_workflow(
        BulkWorkflow.run,
        StartBulk(bulk_id=BULK, canary=1, batch=1, batches_per_run=2),
        id=bulk_workflow_id(BULK),
        task_queue="perennial",
    )
    await _paused(world)
    await bulks.steer(BULK, "migrate", OPERATOR)
    await bulks.steer(BULK, "set_rate", SetRate(by="operator", per_second=10))
    await bulks.steer(BULK, "resume", OPERATOR)
    await _paused(world)
    await bulks.steer(BULK, "stop", OPERATOR)
    assert (await bulks.handle(BULK).result()).state is BulkState.STOPPED


async def _paused(world: World) -> None:
    while (progress := await world.server.bulks.settled(BULK)).state is not BulkState.PAUSED:
        await asyncio.sleep(0.02)
    assert progress.counts == {ItemStatus.DONE: 3, ItemStatus.FAILED: 1}, progress
