"""A query that its worker has died with is asked once more, within the time that an answer may take."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from workflows.calls import target
from workflows.calls.errors import AHEAD_OF_ITS_TASK, CallError, NotAnswered, Rejected
from workflows.calls.target import RETRIES, ask_twice, call
from workflows.durable import options

LOST = RPCError("context canceled", RPCStatusCode.CANCELLED, b"")


class Asked:
    """Raises these one after another, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.patience: list[timedelta] = []

    async def __call__(self, patience: timedelta) -> str:
        self.patience.append(patience)
        if self._errors:
            raise self._errors.pop(0)
        return "active"


def missing(error: RPCError) -> CallError:
    raise AssertionError(error)


@pytest.mark.parametrize("lost", [0, 1])
async def test_one_that_was_lost_is_asked_again(lost: int) -> None:
    query = Asked(*[LOST] * lost)
    assert await call("s-1", lambda: ask_twice(query), missing) == "active"
    assert query.patience == [options.ANSWER_TIMEOUT / 2] * (lost + 1)


async def test_where_nobody_answers_it_is_not_asked_for_ever() -> None:
    query = Asked(*[LOST] * 10)
    with pytest.raises(NotAnswered, match=r"s-1: no worker answered in time .*\. Start a worker\."):
        await call("s-1", lambda: ask_twice(query), missing)
    assert sum(query.patience, timedelta(0)) == options.ANSWER_TIMEOUT


async def test_what_was_refused_is_not_lost() -> None:
    query = Asked(RPCError("no such thing", RPCStatusCode.INVALID_ARGUMENT, b""))
    with pytest.raises(NotAnswered, match="no such thing"):
        await call("s-1", lambda: ask_twice(query), missing)
    assert len(query.patience) == 1


@pytest.mark.parametrize("times", [1, RETRIES])
async def test_one_that_came_before_its_task_is_asked_again(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_RETRY_AFTER", timedelta(0))
    query = Asked(*[WorkflowQueryFailedError(AHEAD_OF_ITS_TASK)] * times)
    assert await call("s-1", lambda: ask_twice(query), missing) == "active"


@pytest.mark.parametrize(("error", "times"), [(AHEAD_OF_ITS_TASK, RETRIES + 1), ("no such query", 1)])
async def test_what_keeps_failing_is_told(error: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "_RETRY_AFTER", timedelta(0))
    query = Asked(*[WorkflowQueryFailedError(error)] * (RETRIES + 1))
    with pytest.raises(Rejected, match=error):
        await call("s-1", lambda: ask_twice(query), missing)
    assert len(query.patience) == times
