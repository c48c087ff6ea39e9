"""Moving workflows between versions by the use case alone: canary, rate, stop, resume, progress."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from domain.next_step import Do
from perennial.deployment import deployment as module
from perennial.deployment.deployment import MOST_FAILED, MOVED, Deployment, Moves
from perennial.sources.sources import Sources
from workflows.calls.errors import AlreadyEnded, CallError, NotAnswered, NotFound, Rejected
from workflows.calls.versions import Routing
from workflows.durable.operator import Operator

OLD, NEW = "1.0", "2.0"


class Fleet:
    """In place of the server: workflows by their ids, each on a build; a new run is placed by the routing."""

    deployment = "perennial"

    def __init__(self, size: int, build: str = OLD) -> None:
        self.on: dict[str, str | None] = {f"subscription:s-{number}": build for number in range(size)}
        self.routes, self.workers = Routing(current=NEW), {OLD, NEW}
        self.ramped: set[str] = set()
        self.troubles: dict[str, CallError] = {}
        self.tried: list[str] = []
        self.at: list[float] = []
        self.at_once = self.most_at_once = 0

    @property
    def versions(self) -> "Fleet":
        return self

    async def routing(self) -> Routing:
        return self.routes

    async def has_worker(self, build: str) -> bool:
        return build in self.workers

    async def count_elsewhere(self, build: str, workflow_types: Sequence[str]) -> int:
        assert tuple(workflow_types) == MOVED
        return sum(each != build for each in self.on.values())

    async def elsewhere(self, build: str, workflow_types: Sequence[str]) -> AsyncIterator[tuple[str, str]]:
        for each in [name for name, found in self.on.items() if found != build]:
            yield each, f"run of {each}"

    async def move(self, workflow_id: str, run_id: str, request: Operator) -> str | None:
        assert (run_id, request.by) == (f"run of {workflow_id}", "system")
        self.tried.append(workflow_id)
        self.at.append(asyncio.get_running_loop().time())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if workflow_id in self.troubles:
            raise self.troubles[workflow_id]
        self.on[workflow_id] = self.routes.ramping if workflow_id in self.ramped else self.routes.current
        return self.on[workflow_id]


def deployment_of(fleet: Fleet | None) -> Deployment:
    class Unversioned:
        versions = None

    async def server() -> Any:
        return fleet or Unversioned()

    async def nothing(*_: object) -> Any:
        raise AssertionError("not needed")

    return Deployment(Sources(server, nothing, nothing, lambda: cast(Any, None)))


async def migrate(fleet: Fleet, to: str | None = None, **options: Any) -> Moves:
    return await deployment_of(fleet).migrate(to, **{"canary": 5, "per_second": 100_000, **options})


async def test_everything_is_moved_and_a_second_call_finds_nothing() -> None:
    fleet = Fleet(200)
    seen: list[int] = []
    moves = await migrate(fleet, watch=lambda so_far: seen.append(so_far.tried))
    assert moves == Moves(NEW, found=200, moved=200)
    assert seen == list(range(1, 201)), "progress, one by one"
    assert set(fleet.on.values()) == {NEW}
    assert 1 < fleet.most_at_once <= module.AT_ONCE
    assert await migrate(fleet) == Moves(NEW)


async def test_back_is_the_same_with_the_older_build() -> None:
    fleet = Fleet(20, NEW)
    fleet.routes = Routing(current=OLD)
    assert await migrate(fleet, OLD) == Moves(OLD, found=20, moved=20)


async def test_the_canary_has_to_get_on_before_others_are_tried() -> None:
    fleet = Fleet(50)
    fleet.troubles = {"subscription:s-2": NotAnswered("the first task of its new run fails")}
    moves = await migrate(fleet, canary=4)
    assert (moves.moved, moves.stopped) == (3, "1 of the first 4 did not get on in a new run")
    assert moves.failed == {"subscription:s-2": "the first task of its new run fails"}
    assert len(fleet.tried) == 4


async def test_behind_the_canary_a_failure_stops_nothing_and_ten_do() -> None:
    fleet = Fleet(300)
    fleet.troubles = {
        f"subscription:s-{number}": NotAnswered("no worker") for number in range(10, 10 + MOST_FAILED - 1)
    }
    moves = await migrate(fleet, canary=2)
    assert (moves.moved, len(moves.failed), moves.stopped) == (291, MOST_FAILED - 1, None)
    fleet = Fleet(300)
    fleet.troubles = {f"subscription:s-{number}": NotAnswered("no worker") for number in range(10, 300)}
    moves = await migrate(fleet, canary=2)
    assert moves.stopped is not None
    assert len(fleet.tried) == 2 + module.BATCH


async def test_without_a_canary() -> None:
    fleet = Fleet(60)
    fleet.troubles = {"subscription:s-0": NotAnswered("no worker")}
    moves = await migrate(fleet, canary=0)
    assert (moves.moved, len(moves.failed), moves.stopped) == (59, 1, None)


async def test_what_is_stopped_goes_on_with_the_rest() -> None:
    fleet = Fleet(30)
    assert (await migrate(fleet, limit=12)).moved == 12
    running = asyncio.create_task(migrate(fleet, per_second=100))
    while len(fleet.tried) < 15:
        await asyncio.sleep(0.001)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    left = sum(build == OLD for build in fleet.on.values())
    assert 0 < left < 18
    assert (await migrate(fleet)).moved == left
    assert set(fleet.on.values()) == {NEW}


async def test_the_rate_is_kept() -> None:
    fleet = Fleet(21)
    await migrate(fleet, per_second=200)
    assert fleet.at[-1] - fleet.at[0] >= 20 / 200 * 0.9


async def test_what_ends_meanwhile_is_no_failure() -> None:
    fleet = Fleet(3)
    fleet.troubles = {"subscription:s-1": AlreadyEnded("it has ended"), "subscription:s-2": NotFound("it is gone")}
    assert await migrate(fleet) == Moves(NEW, found=3, moved=1, ended=2)


async def test_while_a_version_ramps_a_part_stays() -> None:
    fleet = Fleet(10)
    fleet.routes = Routing(current=OLD, ramping=NEW, percentage=30)
    fleet.ramped = {f"subscription:s-{number}" for number in (1, 4, 7)}
    assert await migrate(fleet, NEW) == Moves(NEW, found=10, moved=3, stayed=7)


async def test_a_look_moves_nothing() -> None:
    fleet = Fleet(7)
    fleet.workers = {OLD}
    assert await deployment_of(fleet).elsewhere() == Moves(NEW, found=7)
    assert fleet.tried == []


@pytest.mark.parametrize(
    ("routing", "to", "words"),
    [
        (Routing(current=None), None, "Deployment perennial has no current version: set one first."),
        (Routing(current=NEW), OLD, "--to: got '1.0'; takes the build that new runs go to: the current one, 2.0. "),
        (
            Routing(current=OLD, ramping=NEW, percentage=5),
            "3.0",
            "takes the build that new runs go to: the current one, 1.0, or the ramping one, 2.0. ",
        ),
        (
            Routing(current=OLD, ramping=NEW, percentage=0),
            NEW,
            "takes the build that new runs go to: the current one, 1.0. ",
        ),
    ],
    ids=["no current one", "not the current one", "neither", "a ramp that gets nothing"],
)
async def test_only_to_where_new_runs_go(routing: Routing, to: str | None, words: str) -> None:
    fleet = Fleet(3)
    fleet.routes = routing
    for attempt in (migrate(fleet, to), deployment_of(fleet).elsewhere(to)):
        with pytest.raises(Rejected) as refused:
            await attempt
        assert words in str(refused.value)
    assert fleet.tried == []


async def test_not_to_a_build_without_workers() -> None:
    fleet = Fleet(3)
    fleet.workers = {OLD}
    with pytest.raises(Rejected, match=r"No worker of build 2\.0 asks for tasks") as refused:
        await migrate(fleet)
    assert refused.value.next_step is not None
    assert refused.value.next_step.do is Do.START_WORKER
    assert fleet.tried == []


async def test_without_versions() -> None:
    with pytest.raises(NotFound, match="set PERENNIAL_DEPLOYMENT"):
        await deployment_of(None).migrate(canary=5, per_second=20)
