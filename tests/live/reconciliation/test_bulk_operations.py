"""Lost bulk operations are found with the next step, and started again where they stood: nothing is done twice."""

import pytest

from domain.bulk.items import ItemStatus
from domain.bulk.operations import BulkState
from domain.subscription.commands import SetAutoRenew
from perennial.bulk.bulk import Pace
from tests.support.live.repairs import Place, bought
from tests.support.shop.bulk import planned
from workflows.bulk.messages import StartBulk
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import bulk_workflow_id

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
OFF = SetAutoRenew(by="admin_agent", enabled=False)


async def test_lost_operations_go_on_where_they_stood(place: Place) -> None:
    async with place.worker() as world:
        ids = [await bought(world, customer="many") for _ in range(6)]
        bulk, handles = world.perennial.bulk, world.server.bulks
        plan = await planned(world, OFF, customer="many")
        for bulk_id in ("ended", "gone", "rests"):
            await bulk.start(bulk_id, plan, Pace(per_second=1))
        await bulk.steer("rests", "pause", Operator(by="ann", note="a look"))
        assert (await bulk.settled("rests")).state is BulkState.PAUSED
        assert await place.found("ended", "gone", "rests") == set()

        stood = await bulk.view("rests")
        await handles.handle("ended").terminate(reason="the wrong window")
        await place.delete(bulk_workflow_id("gone"))
        await place.delete(bulk_workflow_id("rests"))
        lost = {("bulk", "ended", "terminated"), ("bulk", "gone", "missing"), ("bulk", "rests", "missing")}
        report = await place.reconcile("ended", "gone", "rests")
        assert {(each.noun.value, each.id, each.kind.value) for each in report.findings} == lost
        (terminated,) = (each for each in report.findings if each.id == "ended")
        assert "the wrong window" in terminated.cause
        assert terminated.cause.endswith("The books have it unfinished, running.")

        repaired = await place.repair("ended", "gone", "rests")
        assert repaired.failed == {}
        assert await place.found("ended", "gone", "rests") == set()
        for bulk_id in ("ended", "gone"):
            progress = await bulk.settled(bulk_id)
            assert progress.state is BulkState.DONE
            assert progress.left == 0
        again = await bulk.settled("rests")
        assert (again.state, again.reason) == (BulkState.PAUSED, "paused by ann: a look")
        assert (await bulk.view("rests")).totals == stood.totals
        await bulk.resume("rests", Operator(by="ann"))
        assert (await bulk.settled("rests")).state is BulkState.DONE
        for one in ids:
            events = [each.event.value for each in await world.books.subscriptions.events(one)]
            assert events == ["purchased", "auto_renew_changed"]
        done = [(await bulk.view(each)).totals.count(ItemStatus.DONE) for each in ("ended", "gone", "rests")]
        assert sum(done) == len(ids), "each is done by one of the three, and unchanged for the others"


async def test_an_operation_whose_books_are_gone(place: Place) -> None:
    async with place.worker() as world:
        await world.server.bulks.start(StartBulk(bulk_id="forgotten"), "nothing")
        await world.server.bulks.start(StartBulk(bulk_id="failed"), "nothing")
        with pytest.raises(Exception, match="Workflow execution failed"):
            await world.server.bulks.handle("failed").result()
        (failed,) = (await place.reconcile("failed")).findings
        assert failed.kind.value == "failed"
        assert "There is no bulk operation failed in the books" in failed.cause
        assert "Start the request again: what is done already is unchanged" in failed.next_step.phrase
        assert (await place.repair("failed")).failed == {}
    # Without a worker it runs still, and has asked no books.
    await world.server.bulks.start(StartBulk(bulk_id="resting"), "nothing")
    assert await place.found("resting") == {("bulk", "resting", "ahead")}
    await world.server.bulks.handle("resting").terminate()
    assert await place.found("resting") == set()
