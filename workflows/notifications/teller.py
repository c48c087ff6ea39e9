"""What tells a subscription's publisher, beside its life and after it: one event after the other (invariant 13)."""

import asyncio
from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.notifications.activities import NotificationActivities
from activities.notifications.contracts import DeliverInput, HandOver, StreamProgress
from workflows.durable import options
from workflows.notifications.messages import RetryNotification, SkipNotification, Stream, telling_queue

MAX_REASON = 200


class Telling:
    """Base of subscription and delivery. `_last_recorded` and `_show` are theirs to define.

    It runs as a task of its own and never holds up what it tells of. What the publisher does not take is tried again by
    the activity's own retries, for as long as its terms say; then the stream halts until an operator decides.
    """

    _stream: Stream
    _told_of: str
    """The subscription's id."""

    def _last_recorded(self) -> int:
        """The last event that is in the outbox."""
        raise NotImplementedError

    def _show(self) -> None:
        """Tell people how it stands."""
        raise NotImplementedError

    def _is_behind(self) -> bool:
        """There is something to tell, and somebody to be told."""
        return self._stream.publisher is not None and self._stream.told < self._last_recorded()

    def _is_being_told(self) -> bool:
        return self._is_behind() and self._stream.halted is None

    def _begin_telling(self) -> None:
        """Beside whatever else this run does. Nobody waits for its end: with the run it ends too."""
        self._teller = asyncio.create_task(self._keep_telling())

    async def _keep_telling(self) -> None:
        """Tell each event as soon as it is recorded; for ever."""
        while True:
            await workflow.wait_condition(self._is_being_told)
            await self._tell_next()

    async def _tell_next(self) -> None:
        before = self._stream
        assert before.publisher is not None
        wanted = DeliverInput(
            subscription_id=self._told_of,
            publisher=before.publisher,
            last=self._last_recorded(),
            afresh=before.afresh,
            skip=before.skip,
        )
        try:
            told = await workflow.execute_activity_method(
                NotificationActivities.deliver,
                wanted,
                task_queue=telling_queue(workflow.info().task_queue, before.publisher),
                schedule_to_start_timeout=options.NOBODY_TELLS,
                start_to_close_timeout=options.TELL_PUBLISHER_TIMEOUT,
                heartbeat_timeout=options.TELL_HEARTBEAT,
                retry_policy=options.TELL_AGAIN,
                summary=f"tell {before.publisher} of event {before.told + 1}",
            )
            self._stream = self._stream.after(told)
        except ActivityError as error:
            self._stream = self._failed(error)
        self._show()

    def _failed(self, error: ActivityError) -> Stream:
        if isinstance(error.cause, ApplicationError):
            return self._stream.after(StreamProgress(told=self._stream.told, halted=error.cause.message[:MAX_REASON]))
        # No worker has taken it for so long. It waits for one on: whoever names the publisher again need do no more.
        return self._stream.not_tried()

    async def _hand_over_what_is_untold(self) -> None:
        """A life ends when it ends: what its publisher has not taken by then, a delivery tells."""
        if self._is_being_told():
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: not self._is_being_told(), timeout=options.LAST_TELLING)
        stream = self._stream
        if not self._is_behind() or stream.publisher is None:
            return
        left = HandOver(
            subscription_id=self._told_of, publisher=stream.publisher, told=stream.told, last=self._last_recorded()
        )
        await workflow.execute_activity_method(
            NotificationActivities.hand_over,
            left,
            start_to_close_timeout=options.START_TIMEOUT,
            retry_policy=options.WITHOUT_END,
            summary=f"hand over what {stream.publisher} has not been told",
        )

    @workflow.update
    def retry_notification(self, request: RetryNotification) -> str:
        """Tell again what was undeliverable, after its cause is mended."""
        workflow.logger.info("notifications wanted again by %s: %s", request.by, request.note)
        self._stream = self._stream.again(request.publisher)
        self._show()
        return f"Telling {self._stream.publisher} again, from event {self._stream.told + 1} on."

    @retry_notification.validator
    def _check_retry_notification(self, request: RetryNotification) -> None:
        publisher = request.publisher or self._stream.publisher
        if publisher is None:
            raise _nothing("Nobody is told of it: name its publisher.")
        if self._stream.told >= self._last_recorded():
            raise _nothing(f"{publisher} has been told everything up to event {self._stream.told}.")
        if self._stream.publisher is not None and self._stream.halted is None:
            raise _nothing(f"{publisher} is being told event {self._stream.told + 1}: it is tried again by itself.")

    @workflow.update
    def skip_notification(self, request: SkipNotification) -> str:
        """Give up an undeliverable event, and go on with the next."""
        workflow.logger.warning("event %s given up by %s: %s", request.sequence, request.by, request.note)
        self._stream = self._stream.skipping(request.sequence)
        self._show()
        return f"Event {request.sequence} is given up: {self._stream.publisher} will not hear of it."

    @skip_notification.validator
    def _check_skip_notification(self, request: SkipNotification) -> None:
        if self._stream.halted is None:
            raise _nothing("No event is undeliverable: there is none to skip.")
        if request.sequence != self._stream.told + 1:
            raise ApplicationError(
                f"sequence: got {request.sequence}; takes the undeliverable one's, {self._stream.told + 1}",
                type="Malformed",
                non_retryable=True,
            )


def _nothing(words: str) -> ApplicationError:
    return ApplicationError(words, type="NothingToTell", non_retryable=True)
