"""The public contract of what tells publishers: what subscription and delivery share, and the delivery's start.

Updates: retry_notification, skip_notification. Query of the delivery: stream.
"""

from typing import Annotated

from pydantic import Field

from activities.notifications.contracts import StreamProgress
from domain.values import Frozen, Id, Strict
from workflows.durable.operator import Operator

DELIVERY_WORKFLOW = "DeliveryWorkflow"
"""The workflow's type."""


def publisher_task_queue(task_queue: str, publisher: str) -> str:
    """Each publisher's own task queue: a slow one holds nobody else up."""
    return f"{task_queue}.to.{publisher}"


class Stream(Frozen):
    """How far a subscription's publisher has been told: every event up to `told` is done with.

    `publisher` is None where nobody is told; `halted` says why the next event cannot be told, `unheard` why nobody
    tries. What an operator has decided of it, `afresh` or `skip`, holds until it is told on.
    """

    publisher: str | None = None
    told: int = 0
    halted: str | None = None
    unheard: str | None = None
    afresh: bool = False
    skip: int | None = None

    @property
    def trouble(self) -> str | None:
        """What somebody has to mend."""
        return self.halted or self.unheard

    def addressed_to(self, publisher: str | None) -> "Stream":
        """As the books say with each decision whom to tell."""
        return self if publisher == self.publisher else Stream(publisher=publisher, told=self.told)

    def after(self, result: StreamProgress) -> "Stream":
        """With what a try came to."""
        return Stream(publisher=self.publisher, told=max(self.told, result.told), halted=result.halted)

    def not_tried(self) -> "Stream":
        """Without a worker that would try."""
        words = f"No worker tells {self.publisher}: is it in the publishers file? It goes on as soon as one does."
        return self.model_copy(update={"unheard": words})

    def again(self, publisher: str | None) -> "Stream":
        """With the tries of what was undeliverable begun anew."""
        return Stream(publisher=publisher or self.publisher, told=self.told, afresh=True)

    def skipping(self, sequence: int) -> "Stream":
        """Without that event."""
        return Stream(publisher=self.publisher, told=self.told, skip=sequence)


class RetryNotification(Operator):
    """Tell again what was undeliverable. `publisher` is told from now on, where nobody has been told yet."""

    publisher: Id | None = None


class SkipNotification(Operator):
    """Give up the event of that sequence number, and go on with the next one."""

    sequence: Annotated[int, Field(ge=1, le=10**9)]


class Deliver(Strict):
    """What a delivery is started with, and what one run hands to the next: the events behind `told`, up to `last`."""

    subscription_id: Id
    publisher: Id
    told: Annotated[int, Field(ge=0, le=10**9)] = 0
    last: Annotated[int, Field(ge=1, le=10**9)]


DELIVERY_QUERIES = ("stream",)
"""The queries of the delivery."""

NOTIFICATION_UPDATES: dict[str, type[Strict]] = {
    "retry_notification": RetryNotification,
    "skip_notification": SkipNotification,
}
"""The updates, and the one request that each takes."""


def notification_lines(stream: Stream, last: int) -> list[str]:
    """How far the publisher has been told, where that is worth a line: it is behind, or cannot be told at all."""
    if stream.halted:
        updates = "`retry_notification` or `skip_notification`"
        return [
            "",
            f"**Its publisher cannot be told:** {stream.halted} Mend the cause, then send the update {updates}.",
        ]
    if stream.unheard:
        return ["", f"**Nobody tells its publisher:** {stream.unheard}"]
    if stream.publisher and stream.told < last:
        return ["", f"**Telling {stream.publisher}:** up to event {stream.told} of {last}."]
    return []
