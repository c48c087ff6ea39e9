"""Nothing is written before its time, and an order's subscription begins when its line was placed (invariant 16)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.tables.orders import customer_order, order_line
from activities.billing.contracts import RecordInput
from activities.errors import BooksConflict, DatedAhead
from domain.ordering.lines import Line, OrderRequest
from domain.values import CLOCK_SKEW
from statemachines.audit.subscription import Invariant
from tests.support.books.short_lives import LICENCE, bought, order
from tests.support.books.subscription import InMemory
from tests.support.instants import DAY, START
from tests.support.raw_sql import rows

MICROSECOND = timedelta(microseconds=1)


async def entries(days: int = 0) -> list[RecordInput]:
    """The decisions of a licence without a test clock."""
    player = await bought(InMemory(), LICENCE)
    await player.advance(START + days * DAY)
    return [entry.model_copy(update={"test_clock": False}) for entry, _ in player.recorded]


def books(database: Database, now: datetime) -> SqlBooks:
    return SqlBooks(database, wall_clock=lambda: now)


async def test_what_is_dated_after_the_clock_is_not_written(database: Database) -> None:
    (first,) = await entries()
    future = first.model_copy(update={"record": later(first, datetime.fromisoformat("2090-01-01T00:00:00Z"))})
    early = datetime.fromisoformat("2090-01-01T00:00:00Z") - CLOCK_SKEW - MICROSECOND
    with pytest.raises(DatedAhead, match="Event 1 is dated 2090-01-01T00:00:00Z, after the clock of worker and"):
        await books(database, early).record(future)
    assert await rows(database, "SELECT count(*) FROM journal") == [(0,)]
    await books(database, early + MICROSECOND).record(future)
    assert await rows(database, "SELECT count(*) FROM journal") == [(1,)]


async def test_a_test_clock_may_be_ahead(database: Database) -> None:
    (first,) = await entries()
    future = first.model_copy(
        update={"record": later(first, datetime.fromisoformat("2090-01-01T00:00:00Z")), "test_clock": True}
    )
    await books(database, START).record(future)
    audited = await SqlAuditor(database, lambda: START).one(future.subscription_id)
    assert audited is not None
    assert [found.invariant for found in audited.violations if found.invariant is Invariant.NOT_AHEAD] == []


async def test_check_finds_what_is_dated_in_the_future(database: Database) -> None:
    (first,) = await entries()
    await books(database, START).record(first)
    (fine,) = await SqlAuditor(database, lambda: START).page()
    assert fine.violations == ()
    (found,) = (await SqlAuditor(database, lambda: START - DAY).page())[0].violations
    assert (found.invariant, found.words) == (
        Invariant.NOT_AHEAD,
        "event 1 is dated in the future (2026-01-31T09:00:00Z)",
    )


@pytest.mark.parametrize(
    ("placed_at", "says_placed", "words"),
    [
        (None, True, "No order has placed subscription s-1: buy it by an order."),
        (START, False, "Subscription s-1 belongs to an order, which starts it by itself."),
        (START - DAY, True, "Subscription s-1 was placed at 2026-01-30T09:00:00Z, not at 2026-01-31T09:00:00Z."),
    ],
)
async def test_a_date_that_is_not_that_of_the_orders_line_is_a_conflict(
    database: Database, placed_at: datetime | None, says_placed: bool, words: str
) -> None:
    (first,) = await entries()
    await place(database, placed_at)
    with pytest.raises(BooksConflict, match=words):
        await books(database, START).record(first.model_copy(update={"placed": says_placed}))
    assert await rows(database, "SELECT count(*) FROM journal") == [(0,)]


@pytest.mark.parametrize("placed_at", [START, None])
async def test_a_subscription_begins_when_it_was_placed_or_else_started(
    database: Database, placed_at: datetime | None
) -> None:
    (first,) = await entries()
    await place(database, placed_at)
    await books(database, START + 90 * DAY).record(first.model_copy(update={"placed": placed_at is not None}))
    assert await rows(database, "SELECT count(*) FROM journal") == [(1,)]


def later(entry: RecordInput, at: datetime) -> object:
    return entry.record.model_copy(
        update={"events": tuple(event.model_copy(update={"at": at}) for event in entry.record.events)}
    )


async def place(database: Database, at: datetime | None) -> None:
    """An order's line with the subscription of these tests, placed at that instant; none without one."""
    if at is None:
        return
    purchase = order(LICENCE).model_copy(update={"at": at})
    request = OrderRequest(order_id="o-1", customer=purchase.customer, lines=(Line(offer=purchase.offer.id),))
    head = {"id": "o-1", "customer_id": purchase.customer, "ordered_at": at, "digest": "", "request": request}
    line = {"order_id": "o-1", "number": 1, "subscription_id": purchase.subscription_id, "status": "placed"}
    line |= {"customer_id": purchase.customer, "offer_id": purchase.offer.id, "purchase": purchase}
    await database.write(lambda connection: connection.execute(insert(customer_order), [head]))
    await database.write(lambda connection: connection.execute(insert(order_line), [line]))
