"""What operators may ask of notifications, and what a failed delivery leads to."""

import pytest
from temporalio import exceptions
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutType

from workflows.durable.options import MAX_REASON
from workflows.notifications.messages import RetryNotification, SkipNotification, Stream
from workflows.notifications.notifier import Notifier

LAST = 5
SENDING = Stream(publisher="contoso", told=3)
HALTED = Stream(publisher="contoso", told=3, halted="Event 4 is undeliverable.")
NOBODY = Stream()
RETRY = RetryNotification(by="operator")


def notifier(stream: Stream, last: int = LAST) -> Notifier:
    return Notifier("s-1", stream, lambda: last, lambda: None)


def failed(cause: BaseException) -> ActivityError:
    error = ActivityError(
        "activity failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="deliver",
        activity_id="1",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("stream", "last", "behind"),
    [(SENDING, LAST, True), (SENDING, 3, False), (HALTED, LAST, True), (NOBODY, LAST, False)],
)
def test_it_is_behind_where_a_publisher_has_not_got_all(stream: Stream, last: int, behind: bool) -> None:
    assert notifier(stream, last).behind is behind


@pytest.mark.parametrize(
    ("stream", "last", "words"),
    [
        (NOBODY, LAST, "Nobody is notified: name its publisher."),
        (HALTED, 3, "contoso has been notified of everything up to event 3."),
        (SENDING, LAST, "contoso is being notified of event 4: it is retried automatically."),
    ],
)
def test_a_retry_needs_something_to_send_again(stream: Stream, last: int, words: str) -> None:
    with pytest.raises(ApplicationError, match=words):
        notifier(stream, last).check_retry_notification(RETRY)


def test_only_the_undeliverable_event_can_be_skipped() -> None:
    with pytest.raises(ApplicationError, match="No event is undeliverable"):
        notifier(SENDING).check_skip_notification(SkipNotification(by="operator", sequence=4))
    with pytest.raises(ApplicationError, match="sequence: got 5; takes the undeliverable event's, 4"):
        notifier(HALTED).check_skip_notification(SkipNotification(by="operator", sequence=5))
    notifier(HALTED).check_skip_notification(SkipNotification(by="operator", sequence=4))


def test_a_permanent_error_halts_the_stream_and_a_missing_worker_does_not() -> None:
    halted = notifier(SENDING)._failed(failed(ApplicationError("x" * 1000)))
    assert halted.halted == "x" * MAX_REASON
    cause = exceptions.TimeoutError("late", type=TimeoutType.SCHEDULE_TO_START, last_heartbeat_details=[])
    waiting = notifier(SENDING)._failed(failed(cause))
    assert waiting.halted is None
    assert "contoso" in (waiting.unheard or "")


def test_a_run_that_ends_begins_no_notification() -> None:
    """The SDK would still schedule it, before the end: the next run would begin it again."""
    telling = notifier(SENDING)
    assert telling._sending
    assert telling.handed_on() == SENDING
    assert not telling._sending
