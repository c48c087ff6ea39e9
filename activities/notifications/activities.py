"""The activities that notify publishers of what happened to their subscriptions (invariant 13)."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zlib import crc32

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.errors import reported
from activities.logged import FACTS
from activities.notifications.contracts import DeliverInput, HandOver, Message, Pending, StreamProgress
from activities.notifications.dialects import compose
from activities.notifications.ports import Deliverer, Messenger, Outbox, PublisherBook
from activities.notifications.publishers import Endpoint, Secrets, SecretsMissing
from domain.catalog.publishers import ListedPublisher
from domain.notification import NotificationStatus
from domain.values import format_instant

NOTIFY = "tell_publisher"
"""The name of the activity that notifies a publisher: unlike other effects, it holds nothing else up."""
ELSEWHERE_PAUSE = timedelta(seconds=5)
"""After a worker that cannot notify the publisher now: by then it takes no more of them, and another one may."""


class NotificationActivities:
    """Delivers the events of the outbox to the publishers' endpoints, one at a time and in order.

    Raises ApplicationError of type NotTold, retryable at the time that the publisher's terms set, and of type
    SecretsMissing, PublisherInactive, BooksUnavailable, SchemaMismatch or ServerUnavailable, retryable. Without the
    publisher's secrets nothing is tried or recorded: another worker may have them. An event that cannot be delivered
    is no error: the result then says why the stream is halted.
    """

    def __init__(
        self,
        outbox: Outbox,
        publishers: PublisherBook,
        secrets: Callable[[], Secrets],
        messenger: Messenger,
        deliverer: Deliverer,
    ) -> None:
        """`secrets` gives those that this process has at the time."""
        self._outbox = outbox
        self._publishers = publishers
        self._secrets = secrets
        self._messenger = messenger
        self._deliverer = deliverer

    @activity.defn(name=NOTIFY)
    async def deliver(self, wanted: DeliverInput) -> StreamProgress:
        """Try once to deliver the next event that the publisher's dialect has a message for."""
        with reported():
            listed = await self._publishers.get(wanted.publisher)
            if listed is None:
                why = f"Publisher {wanted.publisher} is not imported: see docs/notifications.md."
                return await self._halted(wanted, why)
            endpoint = self._endpoint(listed)
            if wanted.afresh:
                await self._outbox.restart(wanted.subscription_id)
            now = activity.info().started_time
            while (pending := await self._outbox.next(wanted.subscription_id, endpoint.id)) is not None:
                progress = await self._advance(endpoint, wanted, pending.as_of(now), now)
                if progress is not None:
                    return progress
            done = await self._outbox.done_up_to(wanted.subscription_id)
            lacks = f"The outbox lacks event {done + 1}: was an older database restored?"
            return StreamProgress(told=done, halted=lacks if done < wanted.last else None)

    @activity.defn(name="hand_over_notifications")
    async def hand_over(self, left: HandOver) -> None:
        """Start the delivery of the events that are left when a subscription has ended, once."""
        with reported():
            await self._deliverer.deliver(left)

    def _endpoint(self, listed: ListedPublisher) -> Endpoint:
        if not listed.active:
            raise _elsewhere(f"Publisher {listed.id} is not active: its notifications wait.", "PublisherInactive")
        try:
            return self._secrets().endpoint(listed)
        except SecretsMissing as missing:
            raise _elsewhere(str(missing), "SecretsMissing") from None

    async def _advance(
        self, endpoint: Endpoint, wanted: DeliverInput, pending: Pending, now: datetime
    ) -> StreamProgress | None:
        """Handle the next event. Returns None if the stream has to be read again."""
        seq = pending.notice.seq
        if pending.vendor != endpoint.id:
            # The request may be wrong, or older than the catalog: an event goes to the publisher of its offer only.
            if pending.vendor is not None and await self._publishers.get(pending.vendor) is not None:
                done = await self._outbox.done_up_to(wanted.subscription_id)
                return StreamProgress(told=done, publisher=pending.vendor)
            return await self._halted(wanted, f"The offer's publisher is not {endpoint.id}.")
        message = compose(endpoint, pending.notice, pending.previous)
        if message is None:
            await self._outbox.record_outcome(pending, endpoint.id, NotificationStatus.NOT_IN_DIALECT, now)
            return None
        if pending.standing is NotificationStatus.UNDELIVERABLE:
            if wanted.skip != seq:
                return await self._halted(wanted, _undeliverable(pending))
            await self._outbox.record_outcome(pending, endpoint.id, NotificationStatus.SKIPPED, now)
            return StreamProgress(told=seq)
        if pending.next_try_at is not None and pending.next_try_at > now:
            raise _not_told(pending.next_try_at, now, pending.problem or "")
        return await self._attempt(endpoint, pending, message, now)

    async def _attempt(
        self, endpoint: Endpoint, pending: Pending, message: Message, now: datetime
    ) -> StreamProgress | None:
        """Send the message. Returns None after the last attempt that the publisher's terms allow has failed."""
        reply = await self._messenger.send(endpoint, message)
        if reply.accepted:
            if pending.tries:
                _log(logging.INFO, "delivered after failures", endpoint, pending, pending.tries + 1)
            await self._outbox.record_outcome(pending, endpoint.id, NotificationStatus.DELIVERED, now)
            return StreamProgress(told=pending.notice.seq)
        problem, tries = reply.problem or f"answered {reply.status}", pending.tries + 1
        first, spread = pending.first_tried_at or now, crc32(f"{message.id} {tries}".encode())
        again = endpoint.terms.next_try(tries, first, now, reply.retry_after, spread)
        await self._outbox.record_failure(pending, endpoint.id, problem, now, again)
        _log_failure(endpoint, pending, problem, tries, given_up=again is None)
        if again is None:
            # The outbox decides whether the stream halts: an attempt that was thought dead may have got through.
            return None
        raise _not_told(again, now, f"Attempt {tries} to deliver event {pending.notice.seq}: {problem}")

    async def _halted(self, wanted: DeliverInput, why: str) -> StreamProgress:
        return StreamProgress(told=await self._outbox.done_up_to(wanted.subscription_id), halted=why)


def _log_failure(endpoint: Endpoint, pending: Pending, problem: str, tries: int, *, given_up: bool) -> None:
    """The first failures of an event, then ever fewer: of 500 attempts in eight hours nine are warnings."""
    if given_up:
        _log(logging.ERROR, f"undeliverable: {problem}", endpoint, pending, tries)
    else:
        level = logging.WARNING if tries.bit_count() == 1 else logging.DEBUG
        _log(level, f"not delivered: {problem}", endpoint, pending, tries)


def _log(level: int, words: str, endpoint: Endpoint, pending: Pending, tries: int) -> None:
    notice = pending.notice
    facts = {
        "publisher": endpoint.id,
        "subscription": notice.subscription_id,
        "customer": notice.customer_id,
        "seq": notice.seq,
        "rule": notice.rule,
        "attempt": tries,
    }
    activity.logger.log(level, "%s", words, extra={FACTS: facts})


def _elsewhere(why: str, kind: str) -> ApplicationError:
    return ApplicationError(why, type=kind, next_retry_delay=ELSEWHERE_PAUSE)


def _undeliverable(pending: Pending) -> str:
    since = f" since {format_instant(pending.first_tried_at)}" if pending.first_tried_at else ""
    return f"Event {pending.notice.seq} is undeliverable after {pending.tries} tries{since}: {pending.problem}."


def _not_told(at: datetime, now: datetime, why: str) -> ApplicationError:
    return ApplicationError(
        f"{why}. Next attempt at {format_instant(at)}.",
        type="NotTold",
        next_retry_delay=at - now,
        # Expected, and recorded in the outbox: the worker's log needs no line per attempt.
        category=ApplicationErrorCategory.BENIGN,
    )
