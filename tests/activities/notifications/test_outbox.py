"""Invariant 13: one subscription's events are told in order, and what is done stays done."""

from datetime import timedelta

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.notifications import SqlNotifications
from activities.adapters.sql.notifications.outbox import SqlOutbox
from activities.adapters.sql.subscription.books import SqlBooks
from activities.notifications.contracts import Mark
from domain.notification import NotificationStatus
from domain.subscription.commands import ChangeQuantity
from tests.support.books.player import Player
from tests.support.books.short_lives import LICENCE, METER, bought, order
from tests.support.books.subscription import InSql
from tests.support.instants import START
from tests.support.publisher.endpoint import publishers_at
from tests.support.publisher.imported import list_publishers
from tests.support.raw_sql import change
from tests.support.shop.orders import stock

LATER = START + timedelta(minutes=1)


@pytest.fixture
async def outbox(database: Database) -> SqlOutbox:
    """Of a life with three events, which Contoso is to be told."""
    await stock(database)
    player = await bought(InSql(database), LICENCE)
    for quantity in (5, 7):
        await player.ask(ChangeQuantity(by="admin_agent", quantity=quantity), START)
    return SqlOutbox(database)


async def told(outbox: SqlOutbox, standing: NotificationStatus = NotificationStatus.DELIVERED) -> int:
    pending = await outbox.next("s-1", "contoso")
    assert pending is not None
    await outbox.record_outcome(pending, "contoso", standing, START)
    return pending.notice.seq


async def test_invariant_13_one_after_the_other(outbox: SqlOutbox) -> None:
    first = await outbox.next("s-1", "contoso")
    assert first is not None
    assert (first.notice.seq, first.previous, first.tries, first.standing) == (1, 0, 0, NotificationStatus.WAITING)
    assert await outbox.next("s-1", "contoso") == first
    assert [await told(outbox) for _ in range(3)] == [1, 2, 3]
    assert await outbox.next("s-1", "contoso") is None
    assert await outbox.done_up_to("s-1") == 3
    assert await outbox.done_up_to("another") == 0


async def test_the_one_told_before_is_named_whatever_lies_between(outbox: SqlOutbox) -> None:
    await told(outbox)
    await told(outbox, NotificationStatus.NOT_IN_DIALECT)
    third = await outbox.next("s-1", "contoso")
    assert third is not None
    assert (third.notice.seq, third.previous) == (3, 1)


async def test_a_publisher_that_takes_over_has_heard_of_nothing(outbox: SqlOutbox) -> None:
    await told(outbox)
    theirs, others = [await outbox.next("s-1", publisher) for publisher in ("contoso", "wingtip")]
    assert theirs is not None
    assert others is not None
    assert (theirs.notice.seq, theirs.previous) == (2, 1)
    assert (others.notice.seq, others.previous) == (2, 0)
    assert theirs.vendor == others.vendor == "contoso"


async def test_tries_are_counted_and_survive(outbox: SqlOutbox, database: Database) -> None:
    first = await outbox.next("s-1", "contoso")
    assert first is not None
    await outbox.record_failure(first, "contoso", "answered 500", START, LATER)
    again = await SqlOutbox(database).next("s-1", "contoso")
    assert again is not None
    assert (again.tries, again.first_tried_at, again.next_try_at) == (1, START, LATER)
    await outbox.record_failure(again, "contoso", "answered 503", LATER, None)
    given_up = await outbox.next("s-1", "contoso")
    assert given_up is not None
    assert (given_up.tries, given_up.standing) == (2, NotificationStatus.UNDELIVERABLE)
    assert (given_up.first_tried_at, given_up.problem) == (START, "answered 503")


async def test_afresh_the_tries_begin_anew(outbox: SqlOutbox) -> None:
    first = await outbox.next("s-1", "contoso")
    assert first is not None
    await outbox.record_failure(first, "contoso", "answered 500", START, None)
    await outbox.restart("s-1")
    again = await outbox.next("s-1", "contoso")
    assert again is not None
    assert (again.tries, again.first_tried_at, again.standing) == (0, None, NotificationStatus.WAITING)


async def test_afresh_leaves_alone_what_is_being_tried(outbox: SqlOutbox) -> None:
    first = await outbox.next("s-1", "contoso")
    assert first is not None
    await outbox.record_failure(first, "contoso", "answered 500", START, LATER)
    await outbox.restart("s-1")
    again = await outbox.next("s-1", "contoso")
    assert again is not None
    assert (again.tries, again.next_try_at) == (1, LATER)


async def test_what_a_worker_thought_dead_says_later_changes_nothing(outbox: SqlOutbox) -> None:
    """Its try and another one's overlapped: the event is delivered, whatever came of the other."""
    late = await outbox.next("s-1", "contoso")
    assert late is not None
    await told(outbox)
    await outbox.record_failure(late, "contoso", "answered 500", LATER, None)
    await outbox.record_outcome(late, "contoso", NotificationStatus.DELIVERED, LATER)
    assert await outbox.done_up_to("s-1") == 1
    second = await outbox.next("s-1", "contoso")
    assert second is not None
    assert second.notice.seq == 2


async def test_each_subscription_has_a_stream_of_its_own(outbox: SqlOutbox, database: Database) -> None:
    other = Player(InSql(database), order(LICENCE, "s-2"))
    await other.perform()
    first = await outbox.next("s-1", "contoso")
    assert first is not None
    await outbox.record_failure(first, "contoso", "answered 500", START, None)
    second = await outbox.next("s-2", "contoso")
    assert second is not None
    assert (second.notice.subscription_id, second.standing) == ("s-2", NotificationStatus.WAITING)


async def test_the_receipt_names_who_is_to_be_told(database: Database) -> None:
    """The offer's vendor, where the catalog lists it as a publisher, active or not; nobody where it does not."""
    await stock(database)
    await list_publishers(database, publishers_at("https://hooks.example/", contoso={}))
    entry = Player(InSql(database), order(LICENCE))
    metered = Player(InSql(database), order(METER, "s-2"))
    books = SqlBooks(database)
    first = entry.life.effects[0]
    assert first.effect == "record"
    assert (await books.record(entry.entry(first))).publisher == "contoso"
    second = metered.life.effects[0]
    assert second.effect == "record"
    assert (await books.record(metered.entry(second))).publisher is None
    # What was written first is what a repeat gets.
    await change(database, "UPDATE offer SET vendor = NULL")
    assert (await books.record(entry.entry(first))).publisher == "contoso"


async def test_what_happens_while_a_publisher_is_inactive_is_for_it_too(database: Database) -> None:
    await stock(database)
    await list_publishers(database, publishers_at("https://hooks.example/", contoso={}), active=False)
    entry = Player(InSql(database), order(LICENCE))
    first = entry.life.effects[0]
    assert first.effect == "record"
    assert (await SqlBooks(database).record(entry.entry(first))).publisher == "contoso"


async def test_the_list_tells_how_each_one_stands(outbox: SqlOutbox, database: Database) -> None:
    await told(outbox)
    second = await outbox.next("s-1", "contoso")
    assert second is not None
    await outbox.record_failure(second, "contoso", "answered 500", START, None)
    notifications = SqlNotifications(database)
    found = await notifications.page()
    assert [(each.seq, each.publisher, each.standing, each.problem) for each in found] == [
        (1, "contoso", NotificationStatus.DELIVERED, None),
        (2, "contoso", NotificationStatus.UNDELIVERABLE, "answered 500"),
        (3, "contoso", NotificationStatus.WAITING, None),
    ]
    assert [each.seq for each in await notifications.page(standings=[NotificationStatus.WAITING])] == [3]
    assert [each.seq for each in await notifications.page(standings=[NotificationStatus.UNDELIVERABLE])] == [2]
    assert [each.seq for each in await notifications.page("s-1", "contoso", limit=1, after=Mark("s-1", 1))] == [2]
    assert await notifications.page("another") == await notifications.page(publisher="wingtip") == []
    assert await notifications.counts() == {
        NotificationStatus.WAITING: 1,
        NotificationStatus.DELIVERED: 1,
        NotificationStatus.UNDELIVERABLE: 1,
    }
    assert await notifications.halted("contoso") == ["s-1"]
    assert await notifications.halted("wingtip") == []


async def test_offers_without_a_vendor_are_nobodys_to_be_told(database: Database) -> None:
    await bought(InSql(database), LICENCE)
    assert await SqlNotifications(database).page() == []
