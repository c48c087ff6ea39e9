"""Sends a subscription's events to its publisher, one after another, while it runs and after its end."""

from collections.abc import Callable
from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.notifications.activities import NotificationActivities
from activities.notifications.contracts import DeliverInput, HandOver, StreamProgress
from workflows.durable import options
from workflows.durable.activities import perform
from workflows.notifications.messages import RetryNotification, SkipNotification, Stream, publisher_task_queue


class Notifier:
    """Part of a subscription's and of a delivery's workflow (invariant 13).

    It runs beside the workflow's work, so that it never holds it up. What the publisher does not take is tried
    again by the activity's own retries, for as long as the publisher's terms say; then the stream halts until an
    operator decides.

    `last_recorded` is the seq of the last event in the outbox; `show` updates what people see of the workflow.
    """

    def __init__(
        self, subscription_id: str, stream: Stream, last_recorded: Callable[[], int], show: Callable[[], None]
    ) -> None:
        self._subscription_id = subscription_id
        self._last_recorded = last_recorded
        self._show = show
        self.stream = stream
        """How far the publisher has been notified."""
        self._under_way = False
        self._run_ends = False

    @property
    def behind(self) -> bool:
        """Whether there is an event to send, and a publisher to send it to."""
        return self.stream.publisher is not None and self.stream.told < self._last_recorded()

    def is_busy(self) -> bool:
        """Whether a notification is under way: if the run ended now, the next one would begin it again."""
        return self._under_way

    def handed_on(self) -> Stream:
        """What the next run goes on from. This one begins nothing more: a last notification would be begun twice."""
        self._run_ends = True
        return self.stream

    async def run(self) -> None:
        """Send each event as soon as it is recorded. Nobody waits for the end: it ends with the run."""
        while True:
            await workflow.wait_condition(lambda: self._sending)
            await self._send_next()

    async def hand_over_rest(self) -> None:
        """At the end of a subscription: wait a little, then leave what is not sent yet to a delivery."""
        if self._sending:
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: not self._sending, timeout=options.LAST_NOTIFICATIONS)
        stream = self.stream
        if not self.behind or stream.publisher is None:
            return
        left = HandOver(
            subscription_id=self._subscription_id,
            publisher=stream.publisher,
            told=stream.told,
            last=self._last_recorded(),
            afresh=stream.afresh,
            skip=stream.skip,
        )
        summary = f"hand over the notifications that {stream.publisher} has not got"
        await perform(NotificationActivities.hand_over, left, options.START_TIMEOUT, summary)

    @property
    def _sending(self) -> bool:
        return self.behind and self.stream.halted is None and not self._run_ends

    async def _send_next(self) -> None:
        before = self.stream
        assert before.publisher is not None
        wanted = DeliverInput(
            subscription_id=self._subscription_id,
            publisher=before.publisher,
            last=self._last_recorded(),
            afresh=before.afresh,
            skip=before.skip,
        )
        self._under_way = True
        try:
            progress = await workflow.execute_activity_method(
                NotificationActivities.deliver,
                wanted,
                task_queue=publisher_task_queue(workflow.info().task_queue, before.publisher),
                schedule_to_start_timeout=options.PUBLISHER_WORKER_TIMEOUT,
                start_to_close_timeout=options.NOTIFY_TIMEOUT,
                heartbeat_timeout=options.HEARTBEAT_TIMEOUT,
                retry_policy=options.NOTIFY_RETRIES,
                summary=f"notify {before.publisher} of event {before.told + 1}",
            )
            self.stream = self.stream.after(progress)
        except ActivityError as error:
            self.stream = self._failed(error)
        finally:
            self._under_way = False
        self._show()

    def _failed(self, error: ActivityError) -> Stream:
        if isinstance(error.cause, ApplicationError):
            halted = error.cause.message[: options.MAX_REASON]
            return self.stream.after(StreamProgress(told=self.stream.told, halted=halted))
        # No worker has taken it in time. The next try waits for a worker again: all that is needed is an active
        # publisher, and a worker that has its secrets.
        return self.stream.not_tried()

    def retry_notification(self, request: RetryNotification) -> str:
        """Send an undeliverable notification again, after its cause is fixed."""
        workflow.logger.info("notifications wanted again by %s: %s", request.by, request.note)
        self.stream = self.stream.again(request.publisher)
        self._show()
        return f"Notifying {self.stream.publisher} again, from event {self.stream.told + 1} on."

    def check_retry_notification(self, request: RetryNotification) -> None:
        """Raise ApplicationError where there is nothing to send again."""
        publisher = request.publisher or self.stream.publisher
        if publisher is None:
            raise _nothing("Nobody is notified: name its publisher.")
        if self.stream.told >= self._last_recorded():
            raise _nothing(f"{publisher} has been notified of everything up to event {self.stream.told}.")
        if self.stream.publisher is not None and self.stream.halted is None:
            next_event = self.stream.told + 1
            raise _nothing(f"{publisher} is being notified of event {next_event}: it is retried automatically.")

    def skip_notification(self, request: SkipNotification) -> str:
        """Give up an undeliverable notification, and go on with the next."""
        workflow.logger.warning("event %s given up by %s: %s", request.sequence, request.by, request.note)
        self.stream = self.stream.skipping(request.sequence)
        self._show()
        return f"Event {request.sequence} is given up: {self.stream.publisher} will not be notified of it."

    def check_skip_notification(self, request: SkipNotification) -> None:
        """Raise ApplicationError where no event, or another one, is undeliverable."""
        if self.stream.halted is None:
            raise _nothing("No event is undeliverable: there is nothing to skip.")
        if request.sequence != self.stream.told + 1:
            raise ApplicationError(
                f"sequence: got {request.sequence}; takes the undeliverable event's, {self.stream.told + 1}",
                type="Malformed",
                non_retryable=True,
            )


def _nothing(words: str) -> ApplicationError:
    return ApplicationError(words, type="NothingToTell", non_retryable=True)
