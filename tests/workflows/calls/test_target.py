"""Queries and updates: one id for all attempts, and time enough to ask again where a worker has died."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.calls import target
from workflows.calls.errors import AlreadyEnded, CallError, NotAnswered, NotFound, Rejected
from workflows.calls.one_try import ENDED_BADLY
from workflows.calls.target import Target
from workflows.durable import options

LOST = RPCError("context canceled", RPCStatusCode.CANCELLED, b"")
CALLED = Target(cast(Client, None), "subscription:s-1", "s-1", NotFound("there is no s-1"))


class Server:
    """Loses so many attempts; what it was asked."""

    def __init__(self, lost: int) -> None:
        self._lost = lost
        self.timeouts: list[timedelta] = []
        self.update_ids: list[str] = []

    async def query(self, *args: Any) -> str:
        return self._tried(args[5])

    async def update(self, *args: Any) -> str:
        self.update_ids.append(args[3])
        return self._tried(args[6])

    def _tried(self, timeout: timedelta) -> str:
        self.timeouts.append(timeout)
        if len(self.timeouts) <= self._lost:
            raise LOST
        return "active"


async def polled(*_: object) -> None:
    """A worker polls, and does not answer."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Server:
    made = Server(request.param)
    monkeypatch.setattr(target, "query_once", made.query)
    monkeypatch.setattr(target, "update_once", made.update)
    monkeypatch.setattr(target, "unpolled", polled)
    return made


@pytest.mark.parametrize("server", [0, 1], indirect=True)
async def test_a_query_that_was_lost_is_sent_again_within_the_time(server: Server) -> None:
    assert await CALLED.query("details", str) == "active"
    assert all(timeout <= options.ANSWER_TIMEOUT / 2 for timeout in server.timeouts)


@pytest.mark.parametrize("server", [10_000], indirect=True)
async def test_where_nobody_answers_it_is_not_sent_for_ever(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "ANSWER_TIMEOUT", timedelta(seconds=0.1))
    with pytest.raises(NotAnswered, match=r"s-1: no worker answered in time .*\. Start a worker\."):
        await CALLED.query("details", str)


@pytest.mark.parametrize("server", [3], indirect=True)
@pytest.mark.parametrize("update_id", [None, "case-7"])
async def test_an_update_keeps_its_id(server: Server, update_id: str | None) -> None:
    assert await CALLED.update("cancel", {}, str, update_id=update_id) == "active"
    (used,) = set(server.update_ids)
    assert used == update_id if update_id else len(used) == 32
    assert len(server.update_ids) == 4


GONE, ENDED = NotFound("there is no s-1"), AlreadyEnded("s-1 has ended")


@pytest.mark.parametrize(
    ("rejected", "described", "ended", "said"),
    [
        (ENDED_BADLY, RPCStatusCode.NOT_FOUND, ENDED, "there is no s-1"),
        (ENDED_BADLY, RPCStatusCode.NOT_FOUND, None, "there is no s-1"),
        (ENDED_BADLY, RPCStatusCode.UNAVAILABLE, ENDED, "s-1: it has ended, and the server does not say how (away)"),
        (None, RPCStatusCode.UNAVAILABLE, ENDED, "there is no s-1"),
    ],
)
async def test_what_was_deleted_or_may_have_been_is_not_taken_for_what_has_ended(
    monkeypatch: pytest.MonkeyPatch,
    rejected: str | None,
    described: RPCStatusCode,
    ended: AlreadyEnded | None,
    said: str,
) -> None:
    """The server terminates what it deletes first. Nobody would be told that the server has lost it."""

    async def asked(*_: object) -> str:
        if rejected is None:
            raise RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b"")
        raise Rejected("The workflow has ended.", rejected)

    async def describe(**_: object) -> object:
        raise RPCError("away", described, b"")

    monkeypatch.setattr(target, "query_once", asked)
    monkeypatch.setattr(target, "unpolled", polled)
    client = SimpleNamespace(get_workflow_handle=lambda _: SimpleNamespace(describe=describe))
    with pytest.raises(CallError) as caught:
        await Target(cast(Client, client), "subscription:s-1", "s-1", GONE, ended).query("details", str)
    assert str(caught.value).startswith(said)
    assert not isinstance(caught.value, AlreadyEnded)
