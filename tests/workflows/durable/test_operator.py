"""After a permanent error the effect waits for an operator; only an operator's retry ends the wait."""

import asyncio
from collections.abc import Callable

import pytest
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

from domain.conflict import Choice, Conflict, SettleConflict
from workflows.durable.operator import Operator, OperatorWait
from workflows.durable.options import MAX_REASON

REQUEST = Operator(by="global_admin", note="the key is back")


class Noted:
    """The conflicts of a workflow: the one that it is given, and what was settled."""

    def __init__(self, conflict: Conflict | None = None) -> None:
        self.conflict = conflict
        self.settled: list[tuple[object, SettleConflict]] = []

    def find(self, words: str, held: object) -> Conflict | None:
        return self.conflict

    def settle(self, held: object, request: SettleConflict) -> None:
        self.settled.append((held, request))


NONE = Noted()


def failed(message: str, *details: object) -> ActivityError:
    error = ActivityError(
        "activity failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="record",
        activity_id="1",
        retry_state=RetryState.NON_RETRYABLE_FAILURE,
    )
    error.__cause__ = ApplicationError(message, *details)
    return error


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait_condition(met: Callable[[], bool]) -> None:
        while not met():
            await asyncio.sleep(0)

    monkeypatch.setattr(workflow, "wait_condition", wait_condition)


async def test_it_waits_for_a_retry_and_shows_why() -> None:
    shown: list[str | None] = []
    operator = OperatorWait(lambda: shown.append(operator.attention), lambda: False, NONE)
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
    operator = OperatorWait(lambda: None, lambda: False, NONE)
    for _ in range(2):
        waiting = asyncio.create_task(operator.after(failed("no such key")))
        await asyncio.sleep(0)
        assert not waiting.done()
        operator.retry_effect(REQUEST)
        await waiting


async def test_where_nothing_has_failed_there_is_nothing_to_retry() -> None:
    with pytest.raises(ApplicationError, match="Nothing needs attention"):
        OperatorWait(lambda: None, lambda: False, NONE).check_retry_effect(REQUEST)


async def test_a_long_error_is_cut() -> None:
    operator = OperatorWait(lambda: None, lambda: False, NONE)
    waiting = asyncio.create_task(operator.after(failed("x" * 1000)))
    await asyncio.sleep(0)
    assert len(operator.attention or "") == MAX_REASON
    waiting.cancel()


async def test_a_run_that_has_to_end_waits_no_longer() -> None:
    urgent = [False]
    operator = OperatorWait(lambda: None, lambda: urgent[0], NONE)
    waiting = asyncio.create_task(operator.after(failed("no such key")))
    await asyncio.sleep(0)
    assert not waiting.done()
    urgent[0] = True
    await waiting


SET_ASIDE = SettleConflict(key="record:2", choice=Choice.SET_ASIDE, reason="agreed", by="global_admin")


async def test_a_conflict_is_settled_once_with_what_its_error_said() -> None:
    conflicts = Noted(Conflict(key="record:2", words="it differs", choices=(Choice.SET_ASIDE,)))
    operator = OperatorWait(lambda: None, lambda: False, conflicts)
    waiting = asyncio.create_task(operator.after(failed("it differs", {"fields": []})))
    await asyncio.sleep(0)
    operator.check_settle_conflict(SET_ASIDE)
    words = "record:2: drop the effect, and go on as the workflow has decided."
    assert operator.settle_conflict(SET_ASIDE) == words
    with pytest.raises(ApplicationError, match="no effect waits with a conflict"):
        operator.check_settle_conflict(SET_ASIDE)
    await waiting
    assert conflicts.settled == [({"fields": []}, SET_ASIDE)]
    assert operator.attention is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "record:3"}, "key: got record:3; the effect that waits is record:2."),
        ({"choice": Choice.ADOPT}, "choice: got adopt; record:2 takes set_aside: the books hold nothing"),
        (
            {"by": "helpdesk_agent"},
            "Only an operator settles conflicts: admin_agent, global_admin. Got 'helpdesk_agent'.",
        ),
        ({"by": "service"}, "Only an operator settles conflicts"),
    ],
)
async def test_other_choices_are_refused_in_one_line(changes: dict[str, object], words: str) -> None:
    conflicts = Noted(Conflict(key="record:2", words="it differs", choices=(Choice.SET_ASIDE,)))
    operator = OperatorWait(lambda: None, lambda: False, conflicts)
    waiting = asyncio.create_task(operator.after(failed("it differs")))
    await asyncio.sleep(0)
    with pytest.raises(ApplicationError) as caught:
        operator.check_settle_conflict(SET_ASIDE.model_copy(update=changes))
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert conflicts.settled == []
    waiting.cancel()
