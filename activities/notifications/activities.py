"""The activities that tell publishers what happened to their subscriptions (invariant 13)."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import TypeVar
from zlib import crc32

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.errors import reported
from activities.notifications.contracts import DeliverInput, HandOver, Message, Pending, Reply, StreamProgress
from activities.notifications.dialects import compose
from activities.notifications.ports import Deliverer, Messenger, Outbox
from activities.notifications.publishers import Endpoint, Publishers
from domain.notification import NotificationStatus
from domain.values import format_instant

T = TypeVar("T")
HEARTBEAT_SECONDS = 1


class NotificationActivities:
    """From the outbox to the publishers' endpoints: one event a time, the next only once it is taken.

    ApplicationError of type NotTold, retryable at the instant that the publisher's terms give it, and BooksUnavailable,
    SchemaMismatch and ServerUnavailable, retryable. What cannot be told for good is no error: the stream halts.
    """

    def __init__(self, outbox: Outbox, publishers: Publishers, messenger: Messenger, deliverer: Deliverer) -> None:
        self._outbox = outbox
        self._publishers = publishers
        self._messenger = messenger
        self._deliverer = deliverer

    @activity.defn(name="tell_publisher")
    async def deliver(self, wanted: DeliverInput) -> StreamProgress:
        """One try to tell the next event that the publisher's dialect has a word for."""
        with reported():
            endpoint = self._publishers.of(wanted.publisher)
            if endpoint is None:
                return await self._halted(wanted, f"{wanted.publisher} is not in the publishers file.")
            if wanted.afresh:
                await self._outbox.restart(wanted.subscription_id)
            return await self._tell_next(endpoint, wanted)

    @activity.defn(name="hand_over_notifications")
    async def hand_over(self, left: HandOver) -> None:
        """Start the delivery of what an ended life has left to tell, once."""
        with reported():
            await self._deliverer.deliver(left)

    async def _tell_next(self, endpoint: Endpoint, wanted: DeliverInput) -> StreamProgress:
        while (pending := await self._outbox.next(wanted.subscription_id, endpoint.id)) is not None:
            if pending.vendor != endpoint.id:
                # Whoever names a publisher may be mistaken: what is another's is told to nobody else.
                return await self._halted(wanted, f"The offer's vendor is not {endpoint.id}.")
            seq, now = pending.notice.seq, activity.info().started_time
            pending = pending.as_of(now)
            message = compose(endpoint, pending.notice, pending.previous)
            if message is None:
                await self._outbox.record_outcome(pending, endpoint.id, NotificationStatus.NOT_IN_DIALECT, now)
            elif pending.standing is NotificationStatus.UNDELIVERABLE and wanted.skip == seq:
                await self._outbox.record_outcome(pending, endpoint.id, NotificationStatus.SKIPPED, now)
                return StreamProgress(told=seq)
            elif pending.standing is NotificationStatus.UNDELIVERABLE:
                return await self._halted(wanted, _undeliverable(pending))
            elif pending.next_try_at is not None and pending.next_try_at > now:
                raise _not_told(pending.next_try_at, now, pending.problem or "")
            else:
                return await self._try(endpoint, wanted, pending, message, now)
        told = await self._outbox.done_up_to(wanted.subscription_id)
        lost = f"The outbox lacks event {told + 1}: was an older database restored?" if told < wanted.last else None
        return StreamProgress(told=told, halted=lost)

    async def _try(
        self, endpoint: Endpoint, wanted: DeliverInput, pending: Pending, message: Message, now: datetime
    ) -> StreamProgress:
        reply = await _alive(self._messenger.send(endpoint, message))
        if reply.accepted:
            await self._outbox.record_outcome(pending, endpoint.id, NotificationStatus.DELIVERED, now)
            return StreamProgress(told=pending.notice.seq)
        problem, tries = _problem(reply), pending.tries + 1
        first, spread = pending.first_tried_at or now, crc32(f"{message.id} {tries}".encode())
        again = endpoint.terms.next_try(tries, first, now, reply.retry_after, spread)
        await self._outbox.record_failure(pending, endpoint.id, problem, now, again)
        if again is None:
            # It halts as the books have it: a try that was thought dead may have been taken meanwhile.
            return await self._tell_next(endpoint, wanted)
        raise _not_told(again, now, f"Try {tries} of event {pending.notice.seq}: {problem}")

    async def _halted(self, wanted: DeliverInput, why: str) -> StreamProgress:
        return StreamProgress(told=await self._outbox.done_up_to(wanted.subscription_id), halted=why)


def _problem(reply: Reply) -> str:
    return reply.problem or f"answered {reply.status}"


def _undeliverable(pending: Pending) -> str:
    since = f" since {format_instant(pending.first_tried_at)}" if pending.first_tried_at else ""
    return f"Event {pending.notice.seq} is undeliverable after {pending.tries} tries{since}: {pending.problem}."


def _not_told(at: datetime, now: datetime, why: str) -> ApplicationError:
    return ApplicationError(
        f"{why}. Again at {format_instant(at)}.",
        type="NotTold",
        next_retry_delay=at - now,
        # Expected, and kept in the books: no line in the worker's log for each try.
        category=ApplicationErrorCategory.BENIGN,
    )


async def _alive(sending: Awaitable[T]) -> T:
    """What came of it, with a heartbeat meanwhile: a try whose worker was killed is made again soon."""
    task = asyncio.ensure_future(sending)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=HEARTBEAT_SECONDS)
            activity.heartbeat()
    finally:
        task.cancel()
    return task.result()
