"""A request is sent again until its answer is known, within one deadline; what may have a second effect is not."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.service import RPCError, RPCStatusCode

from workflows.calls.attempts import LOST, call
from workflows.calls.errors import AHEAD_OF_ITS_TASK, CallError, NotAnswered, NotFound, Rejected
from workflows.calls.one_try import HANDED_OVER
from workflows.durable import options


def rpc(status: RPCStatusCode, message: str = "context canceled") -> RPCError:
    return RPCError(message, status, b"")


REFUSALS = [
    pytest.param(error, id=str(error)[:60])
    for error in (
        Rejected("Too much waits.", options.BUSY, retry_after=timedelta(milliseconds=1)),
        Rejected("Workflow Update is rejected because it wasn't processed by worker.", "UnprocessedUpdate"),
        Rejected(AHEAD_OF_ITS_TASK),
        Rejected("Query rejected, workflow status: 6", HANDED_OVER),
        rpc(RPCStatusCode.RESOURCE_EXHAUSTED, "workflow operation can not be applied because workflow is closing"),
        rpc(RPCStatusCode.RESOURCE_EXHAUSTED, "consistent query buffer is full"),
        Rejected("[TMPRL1101] Potential deadlock detected: workflow didn't yield within 2 second(s)."),
        rpc(RPCStatusCode.FAILED_PRECONDITION, "Unable to perform an update due to unexpected workflow task failure."),
        rpc(RPCStatusCode.FAILED_PRECONDITION, "The limit on the total number of distinct updates has been reached"),
    )
]
LOSSES = [
    *(pytest.param(rpc(status), id=status.name) for status in sorted(LOST, key=lambda status: status.name)),
    pytest.param(Rejected("The Workflow completed.", "AcceptedUpdateCompletedWorkflow"), id="ended meanwhile"),
]


class Asked:
    """Raises the error so many times, then answers."""

    def __init__(self, error: Exception, times: int = 1) -> None:
        self._error, self._times = error, times
        self.left: list[timedelta] = []

    async def __call__(self, left: timedelta) -> str:
        self.left.append(left)
        if len(self.left) <= self._times:
            raise self._error
        return "active"


def missing(error: RPCError) -> CallError:
    return NotFound(f"there is no s-1: {error.message}")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between the attempts, which take no time."""
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return paused


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_what_was_refused_for_now_is_sent_again(refusal: Exception, repeatable: bool) -> None:
    send = Asked(refusal)
    assert await call("s-1", send, missing, repeatable=repeatable) == "active"
    assert len(send.left) == 2


@pytest.mark.parametrize("loss", LOSSES)
async def test_what_may_be_lost_is_sent_again_where_a_repeat_has_no_second_effect(loss: Exception) -> None:
    send = Asked(loss)
    assert await call("s-1", send, missing) == "active"
    assert len(send.left) == 2
    send = Asked(loss)
    with pytest.raises(CallError):
        await call("s-1", send, missing, repeatable=False)
    assert len(send.left) == 1


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (Rejected("at: too late", "OutOfTime"), Rejected),
        (Rejected("no such query"), Rejected),
        (rpc(RPCStatusCode.NOT_FOUND), NotFound),
        (rpc(RPCStatusCode.INVALID_ARGUMENT), NotAnswered),
        (rpc(RPCStatusCode.PERMISSION_DENIED), NotAnswered),
        (rpc(RPCStatusCode.FAILED_PRECONDITION, "no poller seen for task queue recently"), NotAnswered),
    ],
)
async def test_what_would_be_the_same_again_is_not_sent_again(error: Exception, raised: type[Exception]) -> None:
    send = Asked(error)
    with pytest.raises(raised, match=str(error)):
        await call("s-1", send, missing)
    assert len(send.left) == 1


async def test_a_late_task_is_waited_for_and_one_that_fails_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries were too slow on a busy machine: the fourth takes longer, and succeeds."""
    late = rpc(RPCStatusCode.FAILED_PRECONDITION, "Unable to query workflow due to Workflow Task in failed state.")
    assert await call("s-1", Asked(late, times=5), missing, repeatable=False) == "active"
    monkeypatch.setattr(options, "LATE_TASK_PATIENCE", timedelta(milliseconds=20))
    send = Asked(late, times=10_000)
    with pytest.raises(NotAnswered, match="failed state"):
        await call("s-1", send, missing)
    assert 2 <= len(send.left) <= 4


async def test_pauses_double_up_to_the_longest(pauses: list[float]) -> None:
    await call("s-1", Asked(rpc(RPCStatusCode.UNAVAILABLE), times=8), missing)
    assert pauses == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.32, 0.32]


async def test_the_time_that_the_workflow_names_is_respected(pauses: list[float]) -> None:
    await call("s-1", Asked(Rejected("Too much waits.", options.BUSY, retry_after=options.BUSY_WAIT), times=3), missing)
    assert pauses == [options.BUSY_WAIT.total_seconds()] * 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (rpc(RPCStatusCode.CANCELLED), r"s-1: no worker answered in time \(context canceled\)\. Start a worker\."),
        (Rejected("Too much waits.", options.BUSY), "s-1: Too much waits."),
        (Rejected(AHEAD_OF_ITS_TASK), f"s-1: {AHEAD_OF_ITS_TASK}"),
        (rpc(RPCStatusCode.RESOURCE_EXHAUSTED, "too many"), r"has taken no request in time \(too many\)"),
    ],
)
async def test_it_is_not_sent_for_ever(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    monkeypatch.setattr(options, "ANSWER_TIMEOUT", timedelta(seconds=0.5))
    send = Asked(error, times=1000)
    with pytest.raises(NotAnswered, match=words):
        await call("s-1", send, missing)
    assert 2 <= len(send.left) <= 7
    assert send.left == sorted(send.left, reverse=True)
    assert options.ANSWER_TIMEOUT > send.left[-1] > timedelta(0)


async def test_a_busy_program_that_sleeps_past_the_deadline_gets_the_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK takes no timeout below zero: it would raise a TypeError."""
    monkeypatch.setattr(options, "ANSWER_TIMEOUT", timedelta(milliseconds=50))
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda _: sleep(0.1))
    send = Asked(rpc(RPCStatusCode.UNAVAILABLE), times=9)
    with pytest.raises(NotAnswered):
        await call("s-1", send, missing)
    assert len(send.left) == 1
    assert send.left[0] > timedelta(0)
