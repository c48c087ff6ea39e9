"""Notifications by the use cases alone: listed, retried and skipped (ISV-3)."""

from typing import Any

import pytest

from activities.notifications.contracts import HandOver, ListedNotification, Mark
from domain.notification import NotificationStatus
from domain.subscription.events import State
from perennial.notifications import notifications
from perennial.notifications.notifications import NOT_DONE, NotificationFilters, Notifications
from perennial.sources.sources import Sources
from tests.support.instants import START
from workflows.calls.errors import NotFound, Rejected
from workflows.notifications.messages import RetryNotification, SkipNotification

RETRY = RetryNotification(by="ops")


class Outbox:
    """In place of the books and the server: 7 notifications, of which some cannot be retried."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.delivered: list[HandOver] = []
        self.ended_after: int | None = None

    @property
    def notifications(self) -> "Outbox":
        return self

    @property
    def subscriptions(self) -> "Outbox":
        return self

    @property
    def publishers(self) -> "Outbox":
        return self

    async def all(self) -> list[Any]:
        return [type("Listed", (), {"id": "contoso"})]

    async def page(self, *filters: Any, limit: int, after: Mark | None) -> list[ListedNotification]:
        self.asked.append((*filters, limit, after))
        first = after.seq + 1 if after else 1
        return [
            ListedNotification(subscription_id="s-1", publisher="contoso", seq=seq, at=START, event="renewed")
            for seq in range(first, min(first + limit, 8))
        ]

    async def halted(self, publisher: str) -> list[str]:
        assert publisher == "contoso"
        return ["s-1", "busy", "s-2"]

    async def listed(self, subscription_id: str) -> Any:
        return (
            type("Listed", (), {"state": State.CANCELLED, "last_seq": self.ended_after}) if self.ended_after else None
        )

    async def retry(self, subscription_id: str, request: RetryNotification) -> str:
        if subscription_id == "busy":
            raise Rejected("busy: nothing is undeliverable.")
        if subscription_id == "ended":
            raise NotFound("No notifications of ended are being sent.")
        return f"again by {request.by}"

    async def skip(self, subscription_id: str, request: SkipNotification) -> str:
        return f"without {request.sequence}"

    async def deliver(self, left: HandOver) -> None:
        self.delivered.append(left)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def desk(outbox: Outbox) -> Notifications:
    async def opened() -> Any:
        return outbox

    async def nobody(_: str) -> Any:
        raise AssertionError

    return Notifications(Sources(opened, opened, nobody, lambda: START))


async def test_they_are_listed_page_by_page(
    desk: Notifications, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications, "PAGE", 2)
    found = await desk.list(limit=5)
    assert [each.seq for each in found] == [1, 2, 3, 4, 5]
    assert outbox.asked[0] == (None, None, NOT_DONE, 2, None)
    assert outbox.asked[-1] == (None, None, NOT_DONE, 1, Mark("s-1", 4))
    wanted = NotificationFilters("s-1", "contoso", (NotificationStatus.SKIPPED,))
    assert [each.seq for each in await desk.list(wanted, after=Mark("s-1", 6))] == [7]
    assert outbox.asked[-1] == ("s-1", "contoso", (NotificationStatus.SKIPPED,), 2, Mark("s-1", 6))


async def test_one_that_refuses_stops_none_of_the_others(desk: Notifications) -> None:
    seen: list[tuple[int, int]] = []
    answers = await desk.retry_all("contoso", RETRY, lambda done, total: seen.append((done, total)))
    assert answers == {"s-1": "again by ops", "busy": "busy: nothing is undeliverable.", "s-2": "again by ops"}
    assert seen == [(1, 3), (2, 3), (3, 3)]


async def test_an_ended_subscription_is_delivered_once_its_publisher_is_named(
    desk: Notifications, outbox: Outbox
) -> None:
    named = RetryNotification(by="ops", publisher="contoso")
    with pytest.raises(NotFound):
        await desk.retry("ended", named)
    outbox.ended_after = 4
    with pytest.raises(NotFound):
        await desk.retry("ended", RETRY)
    said = await desk.retry("ended", named)
    assert said == "The subscription has ended. contoso is now notified of its events up to number 4."
    assert outbox.delivered == [HandOver(subscription_id="ended", publisher="contoso", told=0, last=4, afresh=True)]


async def test_one_is_skipped(desk: Notifications) -> None:
    assert await desk.skip("s-1", SkipNotification(by="ops", sequence=2)) == "without 2"


async def test_a_publisher_that_the_catalog_does_not_list_is_refused(desk: Notifications, outbox: Outbox) -> None:
    """Nobody could notify it, and a stream that waits for it takes no other name."""
    outbox.ended_after = 4
    for subscription_id in ("s-1", "ended"):
        with pytest.raises(Rejected, match="publisher: got 'nobody'; takes the id of a publisher in the catalog"):
            await desk.retry(subscription_id, RetryNotification(by="ops", publisher="nobody"))
    assert outbox.delivered == []
