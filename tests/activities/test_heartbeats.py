"""A slow attempt beats until it is done, a fast one not at all; what the activity itself has said last stays."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ActivityOutboundInterceptor, ExecuteActivityInput

from activities import heartbeats
from activities.heartbeats import Heartbeats

Heartbeat = Callable[..., None]


class Outermost(ActivityOutboundInterceptor):
    """Where the SDK would send a heartbeat to the server."""

    def __init__(self) -> None:
        """Nothing comes after it."""

    def heartbeat(self, *details: Any) -> None:
        """Sent."""


class Attempt(ActivityInboundInterceptor):
    """The activity's own work, which may beat too."""

    def __init__(self, work: Callable[[Heartbeat], Awaitable[None]]) -> None:
        self._work = work

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        self._outbound = outbound

    async def execute_activity(self, input: ExecuteActivityInput) -> None:  # noqa: A002  the SDK's name
        await self._work(self._outbound.heartbeat)


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    monkeypatch.setattr(heartbeats, "HEARTBEAT", timedelta(milliseconds=1))
    return []


async def attempt(
    beats: list[tuple[Any, ...]], work: Callable[[Heartbeat], Awaitable[None]], timeout: timedelta | None
) -> None:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, heartbeat_timeout=timeout)
    environment.on_heartbeat = lambda *details: beats.append(details)
    beating = Heartbeats().intercept_activity(Attempt(work))
    beating.init(Outermost())
    wanted = ExecuteActivityInput(fn=lambda: None, args=(), executor=None, headers={})
    await environment.run(beating.execute_activity, wanted)
    sent = len(beats)
    await asyncio.sleep(0.02)
    assert len(beats) == sent, "it goes on after its end"


async def test_a_slow_attempt_beats(beats: list[tuple[Any, ...]]) -> None:
    async def slow(own: Heartbeat) -> None:
        while len(beats) < 3:
            await asyncio.sleep(0.001)

    await attempt(beats, slow, timedelta(seconds=2))
    assert set(beats) == {()}


async def test_what_the_activity_itself_has_said_last_stays(beats: list[tuple[Any, ...]]) -> None:
    async def telling(own: Heartbeat) -> None:
        own("7 of 9")
        while len(beats) < 3:
            await asyncio.sleep(0.001)

    await attempt(beats, telling, timedelta(seconds=2))
    assert set(beats) == {("7 of 9",)}


async def test_a_fast_attempt_costs_no_heartbeat(beats: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT", timedelta(milliseconds=10))

    async def fast(own: Heartbeat) -> None:
        await asyncio.sleep(0)

    await attempt(beats, fast, timedelta(seconds=2))
    assert beats == []


async def test_a_failure_ends_the_beats(beats: list[tuple[Any, ...]]) -> None:
    async def failing(own: Heartbeat) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await attempt(beats, failing, timedelta(seconds=2))
    await asyncio.sleep(0.02)
    assert beats == []


async def test_without_a_heartbeat_timeout_nothing_beats(beats: list[tuple[Any, ...]]) -> None:
    async def slow(own: Heartbeat) -> None:
        await asyncio.sleep(0.02)

    await attempt(beats, slow, None)
    assert beats == []
