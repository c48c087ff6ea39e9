"""After a permanent error the effect waits for an operator; only an operator's retry ends the wait."""

import asyncio
from collections.abc import Callable

import pytest
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

from workflows.durable.operator import Operator, OperatorWait
from workflows.durable.options import MAX_REASON

REQUEST = Operator(by="global_admin", note="the key is back")


def failed(message: str) -> ActivityError:
    error = ActivityError(
        "activity failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="record",
        activity_id="1",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    error.__cause__ = ApplicationError(message)
    return error


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait_condition(met: Callable[[], bool]) -> None:
        while not met():
            await asyncio.sleep(0)

    monkeypatch.setattr(workflow, "wait_condition", wait_condition)


async def test_it_waits_for_a_retry_and_shows_why() -> None:
    shown: list[str | None] = []
    operator = OperatorWait(lambda: shown.append(operator.attention), lambda: False)
    waiting = asyncio.create_task(operator.after(failed("no such key")))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    assert shown == ["record: no such key"]
    operator.check_retry_effect(REQUEST)
    assert operator.retry_effect(REQUEST) == "Trying again: record: no such key"
    await waiting
    assert operator.attention is None


async def test_a_retry_of_before_does_not_count() -> None:
    operator = OperatorWait(lambda: None, lambda: False)
    for _ in range(2):
        waiting = asyncio.create_task(operator.after(failed("no such key")))
        await asyncio.sleep(0)
        assert not waiting.done()
        operator.retry_effect(REQUEST)
        await waiting


async def test_where_nothing_has_failed_there_is_nothing_to_retry() -> None:
    with pytest.raises(ApplicationError, match="Nothing needs attention"):
        OperatorWait(lambda: None, lambda: False).check_retry_effect(REQUEST)


async def test_a_long_error_is_cut() -> None:
    operator = OperatorWait(lambda: None, lambda: False)
    waiting = asyncio.create_task(operator.after(failed("x" * 1000)))
    await asyncio.sleep(0)
    assert len(operator.attention or "") == MAX_REASON
    waiting.cancel()


async def test_a_run_that_has_to_end_waits_no_longer() -> None:
    urgent = [False]
    operator = OperatorWait(lambda: None, lambda: urgent[0])
    waiting = asyncio.create_task(operator.after(failed("no such key")))
    await asyncio.sleep(0)
    assert not waiting.done()
    urgent[0] = True
    await waiting
