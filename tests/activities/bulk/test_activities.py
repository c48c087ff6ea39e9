"""A batch of a bulk operation: paced, noted as it goes, and given up item by item."""

import dataclasses
import time

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.adapters.sql.bulk.book import SqlBulks
from activities.adapters.sql.database import Database
from activities.bulk.activities import PATIENCE, BulkActivities
from activities.bulk.contracts import BatchInput, Sent, StateInput
from activities.errors import NotThere, ServerUnavailable
from domain.bulk.items import Item, ItemStatus
from domain.bulk.operations import BulkState, Operation
from domain.bulk.requests import BulkRequest, Selection
from domain.bulk.totals import Totals
from domain.subscription.commands import ChangeQuantity
from tests.support.instants import START

ASK = ChangeQuantity(by="admin_agent", quantity=4, command_id="bulk-more")
BATCH = BatchInput(bulk_id="more", limit=200, per_second=1000, most_failed=10)


class Moody:
    """A sender that does what the subject's name says; what it was sent is noted."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, item: Item) -> Item:
        self.sent.append(item.subject)
        if item.subject.startswith("gone"):
            raise NotThere(f"{item.subject} is not there")
        if item.subject.startswith("away"):
            raise ServerUnavailable(f"{item.subject} does not answer")
        return item.without_answer(ItemStatus.DONE, "done")


@pytest.fixture
def moody() -> Moody:
    return Moody()


@pytest.fixture
def bulk(database: Database, moody: Moody) -> BulkActivities:
    return BulkActivities(SqlBulks(database), moody)


async def begun(database: Database, *subjects: str) -> None:
    items = [
        Item(position=number, subject=subject, status=ItemStatus.WAITING, ask=ASK)
        for number, subject in enumerate(subjects, start=1)
    ]
    request = BulkRequest(ask=ASK, selection=Selection())
    operation = Operation(bulk_id="more", request=request, started_at=START, shown=Totals.of(items), per_second=50)
    await SqlBulks(database).begin(operation, items)


async def sent(bulk: BulkActivities, batch: BatchInput = BATCH, attempt: int = 1) -> Sent:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    return await environment.run(bulk.send, batch)


async def test_what_cannot_be_reached_holds_up_nobody_else(
    database: Database, bulk: BulkActivities, moody: Moody
) -> None:
    await begun(database, "s-1", "away-1", "gone-1", "s-2")
    with pytest.raises(ApplicationError, match="away-1 does not answer"):
        await sent(bulk)
    assert sorted(moody.sent) == ["away-1", "gone-1", "s-1", "s-2"]
    moody.sent.clear()
    with pytest.raises(ApplicationError, match="away-1 does not answer"):
        await sent(bulk, attempt=PATIENCE - 1)
    assert moody.sent == ["away-1"]
    result = await sent(bulk, attempt=PATIENCE)
    assert (result.tried, result.totals.count(ItemStatus.DONE), result.totals.count(ItemStatus.FAILED)) == (1, 2, 2)
    assert "away-1 does not answer" in (await SqlBulks(database).items("more"))[1].message


async def test_nothing_more_is_tried_once_too_many_have_failed(
    database: Database, bulk: BulkActivities, moody: Moody
) -> None:
    await begun(database, *(f"gone-{n}" for n in range(60)))
    result = await sent(bulk, BATCH.model_copy(update={"per_second": 200}))
    assert 10 <= result.tried <= 20
    assert result.totals.count(ItemStatus.WAITING) == 60 - result.tried
    moody.sent.clear()
    again = await sent(bulk, BATCH.model_copy(update={"again": True, "limit": 1}))
    assert again.totals.count(ItemStatus.FAILED) == 1
    assert again.totals.count(ItemStatus.WAITING) == 59


async def test_they_are_sent_at_the_rate(database: Database, bulk: BulkActivities) -> None:
    await begun(database, *(f"s-{n}" for n in range(11)))
    began = time.monotonic()
    assert (await sent(bulk, BATCH.model_copy(update={"per_second": 20}))).tried == 11
    assert time.monotonic() - began >= 0.5


async def test_nothing_is_sent_of_one_that_has_ended(database: Database, bulk: BulkActivities, moody: Moody) -> None:
    await begun(database, "s-1")
    stopped = StateInput(bulk_id="more", state=BulkState.STOPPED, reason="by ann", per_second=50)
    assert (await ActivityEnvironment().run(bulk.note, stopped)).count(ItemStatus.WAITING) == 1
    result = await sent(bulk)
    assert (result.tried, result.state, moody.sent) == (0, BulkState.STOPPED, [])
    with pytest.raises(ApplicationError, match="There is no bulk operation less"):
        await sent(bulk, BATCH.model_copy(update={"bulk_id": "less"}))
