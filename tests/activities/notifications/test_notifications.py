"""What one try to tell a publisher comes to: taken, tried again at its time, undeliverable, or nobody to be told."""

import asyncio
import dataclasses
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.outbox import SqlOutbox
from activities.adapters.sql.notifications.publishers import SqlPublishers
from activities.errors import ServerUnavailable
from activities.logged import FACTS
from activities.notifications.activities import NotificationActivities
from activities.notifications.contracts import DeliverInput, HandOver, Message, Reply, StreamProgress
from activities.notifications.publishers import Endpoint, Publishers, Secrets
from domain.notification import NotificationStatus
from domain.subscription.commands import ChangeQuantity, SetAutoRenew
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.instants import START
from tests.support.publisher.imported import list_publishers, secrets_of
from tests.support.raw_sql import change, rows
from tests.support.shop.orders import stock

SECRET = "whsec_" + "A" * 32
TAKEN, FAILED = Reply(status=204), Reply(status=503)
TELL = DeliverInput(subscription_id="s-1", publisher="contoso")


class Scripted:
    """A publisher that answers as it is told, in order; afterwards it takes everything."""

    def __init__(self) -> None:
        self.answers: list[Reply] = []
        self.heard: list[Message] = []
        self.endpoints: list[str] = []

    async def send(self, endpoint: Endpoint, message: Message) -> Reply:
        self.heard.append(message)
        self.endpoints.append(endpoint.url)
        return self.answers.pop(0) if self.answers else TAKEN


class Deliveries:
    """Starts none, and says so where it is away."""

    def __init__(self) -> None:
        self.left: list[HandOver] = []
        self.away = False

    async def deliver(self, left: HandOver) -> None:
        if self.away:
            raise ServerUnavailable("the Temporal server did not answer")
        self.left.append(left)


class Desk:
    """The activities over a publisher and an outbox."""

    def __init__(self, database: Database, **endpoint: Any) -> None:
        plain = {"id": "contoso", "url": "https://hooks.contoso.example/perennial", "secrets": [SECRET]}
        self.publisher, self.deliveries, self.outbox = Scripted(), Deliveries(), SqlOutbox(database)
        self.publishers = Publishers.model_validate({"publishers": [{**plain, **endpoint}]})
        self._database = database
        self.activities = self.worker(secrets_of(self.publishers))

    def worker(self, secrets: Secrets) -> NotificationActivities:
        book = SqlPublishers(self._database)
        return NotificationActivities(self.outbox, book, lambda: secrets, self.publisher, self.deliveries)

    @classmethod
    async def of(cls, database: Database, **endpoint: Any) -> "Desk":
        """The catalog lists the publisher."""
        desk = cls(database, **endpoint)
        await list_publishers(database, desk.publishers)
        return desk

    async def tell(self, wanted: DeliverInput = TELL, at: datetime = START) -> StreamProgress:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, started_time=at)
        told: StreamProgress = await environment.run(self.activities.deliver, wanted)
        return told

    async def not_told(self, at: datetime = START) -> ApplicationError:
        with pytest.raises(ApplicationError) as raised:
            await self.tell(at=at)
        return raised.value


@pytest.fixture
async def stocked(database: Database) -> Database:
    """With a life of three events: bought, another quantity, auto-renew off."""
    await stock(database)
    player = await bought(InSql(database), LICENCE)
    await player.ask(ChangeQuantity(by="admin_agent", quantity=5), START)
    await player.ask(SetAutoRenew(by="admin_agent", enabled=False), START)
    return database


@pytest.fixture
async def desk(stocked: Database) -> Desk:
    return await Desk.of(stocked)


async def test_invariant_13_one_event_at_a_time_each_with_its_id(desk: Desk) -> None:
    assert [(await desk.tell()).told for _ in range(4)] == [1, 2, 3, 3]
    assert [message.id for message in desk.publisher.heard] == ["s-1:1", "s-1:2", "s-1:3"]


async def test_the_next_waits_until_the_one_before_is_taken(desk: Desk) -> None:
    desk.publisher.answers = [FAILED, FAILED]
    at = START
    for _ in range(2):
        error = await desk.not_told(at)
        assert error.type == "NotTold"
        assert not error.non_retryable
        assert error.next_retry_delay is not None
        at += error.next_retry_delay
    assert (await desk.tell(at=at)).told == 1
    assert [message.id for message in desk.publisher.heard] == ["s-1:1"] * 3
    assert len({message.body for message in desk.publisher.heard}) == 1


def logged(record: logging.LogRecord) -> tuple[str, str]:
    """The level and the words, without what the SDK adds to them."""
    return record.levelname, record.getMessage().partition(" ({")[0]


async def test_failures_are_ever_rarer_lines_in_the_workers_log(
    stocked: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """One line of ours each, and none of the SDK's."""
    desk = await Desk.of(stocked, terms={"tries": 12})
    desk.publisher.answers = [FAILED] * 6
    at = START
    with caplog.at_level(logging.INFO, logger="temporalio.activity"):
        for _ in range(6):
            error = await desk.not_told(at)
            assert error.category is ApplicationErrorCategory.BENIGN
            at += error.next_retry_delay or timedelta(0)
        await desk.tell(at=at)
    lines = [(*logged(record), getattr(record, FACTS)["attempt"]) for record in caplog.records]
    assert lines == [
        ("WARNING", "not delivered: answered 503", 1),
        ("WARNING", "not delivered: answered 503", 2),
        ("WARNING", "not delivered: answered 503", 4),
        ("INFO", "delivered after failures", 7),
    ]
    expected = {"publisher": "contoso", "subscription": "s-1", "customer": "fabrikam", "seq": 1, "rule": "BUY-4"}
    assert getattr(caplog.records[0], FACTS) == {**expected, "attempt": 1}


async def test_an_event_that_is_given_up_is_an_error_in_the_log(
    stocked: Database, caplog: pytest.LogCaptureFixture
) -> None:
    desk = await Desk.of(stocked, terms={"tries": 1})
    desk.publisher.answers = [FAILED]
    await desk.tell()
    assert [logged(record) for record in caplog.records] == [("ERROR", "undeliverable: answered 503")]


async def test_the_message_says_what_came_of_it_and_when_it_is_tried_again(desk: Desk) -> None:
    desk.publisher.answers = [Reply(status=429, retry_after=timedelta(minutes=5))]
    error = await desk.not_told()
    assert error.message == "Attempt 1 to deliver event 1: answered 429. Next attempt at 2026-01-31T09:05:00Z."
    assert error.next_retry_delay == timedelta(minutes=5)


async def test_before_its_time_it_is_not_tried_again(desk: Desk) -> None:
    """Another run, or a worker in place of one that was killed, begins no new count and no shorter pause."""
    desk.publisher.answers = [Reply(status=429, retry_after=timedelta(minutes=5))]
    await desk.not_told()
    error = await desk.not_told(START + timedelta(minutes=2))
    assert error.next_retry_delay == timedelta(minutes=3)
    assert len(desk.publisher.heard) == 1


async def test_after_the_last_try_the_stream_stands_still(stocked: Database) -> None:
    desk = await Desk.of(stocked, terms={"tries": 2})
    desk.publisher.answers = [FAILED, FAILED]
    error = await desk.not_told()
    assert error.next_retry_delay is not None
    at = START + error.next_retry_delay
    halted = await desk.tell(at=at)
    assert halted.told == 0
    assert halted.halted == "Event 1 is undeliverable after 2 tries since 2026-01-31T09:00:00Z: answered 503."
    assert await desk.tell(at=at) == halted
    assert len(desk.publisher.heard) == 2


async def test_the_stream_goes_on_where_a_try_thought_dead_was_taken(
    stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tries of one event overlap, and the last that there may be fails after the other was taken."""
    desk = await Desk.of(stocked, terms={"tries": 1})
    heard: list[str] = []

    async def other_one_is_taken(endpoint: Endpoint, message: Message) -> Reply:
        heard.append(message.id)
        if len(heard) > 1:
            return TAKEN
        pending = await desk.outbox.next("s-1", "contoso")
        assert pending is not None
        await desk.outbox.record_outcome(pending, "contoso", NotificationStatus.DELIVERED, START)
        return FAILED

    monkeypatch.setattr(desk.publisher, "send", other_one_is_taken)
    assert await desk.tell() == StreamProgress(told=2)
    assert heard == ["s-1:1", "s-1:2"]


async def test_after_the_window_too(desk: Desk) -> None:
    desk.publisher.answers = [FAILED, FAILED]
    await desk.not_told()
    halted = await desk.tell(at=START + timedelta(hours=8))
    assert halted.halted is not None
    assert "undeliverable after 2 tries" in halted.halted


async def test_an_operator_has_it_tried_again_or_gives_it_up(stocked: Database) -> None:
    desk = await Desk.of(stocked, terms={"tries": 1})
    desk.publisher.answers = [FAILED, FAILED]
    assert (await desk.tell()).halted is not None
    assert (await desk.tell(TELL.model_copy(update={"skip": 2}))).halted is not None
    assert (await desk.tell(TELL.model_copy(update={"afresh": True}))).halted is not None
    assert len(desk.publisher.heard) == 2
    assert await desk.tell(TELL.model_copy(update={"skip": 1})) == StreamProgress(told=1)
    assert await desk.tell() == StreamProgress(told=2)
    # What was given up is nothing that was told before.
    assert b'"previous":0' in desk.publisher.heard[-1].body


async def test_what_the_dialect_has_no_word_for_is_passed_over(stocked: Database) -> None:
    desk = await Desk.of(stocked, dialect="microsoft")
    assert [(await desk.tell()).told for _ in range(3)] == [1, 2, 3]
    assert [message.id for message in desk.publisher.heard] == ["s-1:1", "s-1:2"]
    found = await rows(stocked, "SELECT standing FROM delivery ORDER BY seq")
    assert [standing for (standing,) in found] == ["delivered", "delivered", "not_in_dialect"]


async def test_a_publisher_that_the_catalog_lacks_is_said_to_be_missing(desk: Desk) -> None:
    halted = await desk.tell(TELL.model_copy(update={"publisher": "wingtip"}))
    assert halted == StreamProgress(told=0, halted="Publisher wingtip is not imported: see docs/notifications.md.")
    assert desk.publisher.heard == []


async def test_an_event_that_the_outbox_lacks_is_missed(desk: Desk) -> None:
    wanted = TELL.model_copy(update={"last": 4})
    assert [await desk.tell(wanted) for _ in range(3)] == [StreamProgress(told=seq) for seq in (1, 2, 3)]
    assert (await desk.tell(wanted)).halted == "The outbox lacks event 4: was an older database restored?"


async def test_a_publisher_hears_of_its_own_offers_only(stocked: Database) -> None:
    """An operator's mistake, or a vendor that the catalog has changed since."""
    desk = await Desk.of(stocked, id="wingtip")
    halted = await desk.tell(TELL.model_copy(update={"publisher": "wingtip"}))
    assert halted == StreamProgress(told=0, halted="The offer's publisher is not wingtip.")
    assert desk.publisher.heard == []


async def test_what_a_life_leaves_is_handed_over_or_tried_again(desk: Desk) -> None:
    left = HandOver(subscription_id="s-1", publisher="contoso", told=1, last=3)
    await ActivityEnvironment().run(desk.activities.hand_over, left)
    assert desk.deliveries.left == [left]
    desk.deliveries.away = True
    with pytest.raises(ApplicationError, match="did not answer") as raised:
        await ActivityEnvironment().run(desk.activities.hand_over, left)
    assert not raised.value.non_retryable


async def test_a_try_whose_workflow_has_closed_is_dropped_and_counts_as_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run, or a delivery, has begun its own: what is not known to be taken stays to be told."""
    began, dropped = asyncio.Event(), asyncio.Event()

    async def hang(endpoint: Endpoint, message: Message) -> Reply:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            dropped.set()
        return TAKEN

    monkeypatch.setattr(desk.publisher, "send", hang)
    environment = ActivityEnvironment()
    trying = asyncio.ensure_future(environment.run(desk.activities.deliver, TELL))
    await began.wait()
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    await dropped.wait()
    pending = await desk.outbox.next("s-1", "contoso")
    assert pending is not None
    assert (pending.notice.seq, pending.tries, pending.standing) == (1, 0, NotificationStatus.WAITING)


async def test_tries_ahead_of_the_clock_are_waited_for_by_nobody(desk: Desk) -> None:
    """A life lived ahead of time has ended: its delivery has the time that it is, and a whole window of it."""
    desk.publisher.answers = [FAILED, FAILED]
    await desk.not_told(START + timedelta(days=400))
    error = await desk.not_told()
    assert error.message.startswith("Attempt 2 to deliver event 1: ")
    assert error.next_retry_delay is not None
    assert error.next_retry_delay < timedelta(minutes=1)
    pending = await desk.outbox.next("s-1", "contoso")
    assert pending is not None
    assert (pending.first_tried_at, pending.last_tried_at) == (START, START)


async def test_a_worker_without_the_secret_tries_and_records_nothing(desk: Desk, stocked: Database) -> None:
    """It names the secret and its place; a worker that has it delivers, with all its tries."""
    poor = desk.worker(Secrets())
    environment = ActivityEnvironment()
    with pytest.raises(ApplicationError) as raised:
        await environment.run(poor.deliver, TELL)
    assert (raised.value.type, raised.value.non_retryable) == ("SecretsMissing", False)
    assert "contoso-1" in raised.value.message
    assert "PERENNIAL_SECRETS_FILE" in raised.value.message
    assert await rows(stocked, "SELECT * FROM delivery") == []
    assert (await desk.tell()).told == 1


async def test_an_inactive_publisher_is_not_told_and_loses_nothing(desk: Desk, stocked: Database) -> None:
    assert (await desk.tell()).told == 1
    await list_publishers(stocked, desk.publishers, active=False)
    for secrets in (secrets_of(desk.publishers), Secrets()):
        with pytest.raises(ApplicationError, match="Publisher contoso is not active: its notifications wait") as raised:
            await ActivityEnvironment().run(desk.worker(secrets).deliver, TELL)
        assert (raised.value.type, raised.value.non_retryable) == ("PublisherInactive", False)
    await list_publishers(stocked, desk.publishers)
    assert [(await desk.tell()).told for _ in range(2)] == [2, 3]


async def test_an_offer_that_has_another_publisher_now_goes_on_to_that_one(desk: Desk, stocked: Database) -> None:
    """The catalog changed while a try was on its way: nobody has to repair the stream."""
    assert (await desk.tell()).told == 1
    other = Publishers(publishers=(desk.publishers.publishers[0].model_copy(update={"id": "wingtip"}),))
    await list_publishers(stocked, other)
    await change(stocked, "UPDATE offer SET vendor = 'wingtip'")
    assert await desk.tell() == StreamProgress(told=1, publisher="wingtip")
    wingtip = desk.worker(secrets_of(other))
    to_wingtip = TELL.model_copy(update={"publisher": "wingtip"})
    assert await ActivityEnvironment().run(wingtip.deliver, to_wingtip) == StreamProgress(told=2)
    assert [message.id for message in desk.publisher.heard] == ["s-1:1", "s-1:2"]


async def test_a_changed_publisher_is_notified_as_it_is_now(desk: Desk, stocked: Database) -> None:
    """A new address holds from the next try on, and keeps the tries of the old one."""
    desk.publisher.answers = [FAILED]
    await desk.not_told()
    (contoso,) = desk.publishers.publishers
    moved = contoso.model_copy(update={"url": "https://new.contoso.example/"})
    await list_publishers(stocked, Publishers(publishers=(moved,)))
    assert (await desk.tell(at=START + timedelta(minutes=1))).told == 1
    assert desk.publisher.endpoints == [contoso.url, moved.url]
    assert await rows(stocked, "SELECT seq, tries, standing FROM delivery") == [(1, 2, "delivered")]
