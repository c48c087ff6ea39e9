"""Which workflows a move to another build is about, and where it may go, by the use case alone."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from domain.bulk.items import ItemStatus
from domain.bulk.requests import MoveRun
from domain.next_step import Do
from perennial.bulk.bulk import Bulk
from perennial.bulk.moving import MOVED
from perennial.bulk.planning import Choice, Plan
from perennial.sources.sources import Sources
from workflows.calls.errors import NotFound, Rejected
from workflows.calls.versions import Routing

OLD, NEW = "1.0", "2.0"


class Fleet:
    """In place of the server: workflows by their ids, each on a build."""

    deployment = "perennial"

    def __init__(self, size: int, build: str = OLD) -> None:
        self.on: dict[str, str | None] = {f"subscription:s-{number}": build for number in range(size)}
        self.routes, self.workers = Routing(current=NEW), {OLD, NEW}

    @property
    def versions(self) -> "Fleet":
        return self

    async def routing(self) -> Routing:
        return self.routes

    async def has_worker(self, build: str) -> bool:
        return build in self.workers

    async def elsewhere(self, build: str, workflow_types: Sequence[str]) -> AsyncIterator[tuple[str, str]]:
        assert tuple(workflow_types) == MOVED
        for each in [name for name, found in self.on.items() if found != build]:
            yield each, f"run of {each}"


async def plan(fleet: Fleet | None, to: str | None = None, limit: int | None = None) -> Plan:
    class Unversioned:
        versions = None

    async def server() -> Any:
        return fleet or Unversioned()

    async def nothing(*_: object) -> Any:
        raise AssertionError("not needed")

    bulk = Bulk(Sources(server, nothing, nothing, lambda: cast(Any, None)))
    return await bulk.plan(await bulk.resolved(Choice.of_moves(MoveRun(by="system", to=to), limit)))


async def test_everything_elsewhere_is_moved_to_the_current_build() -> None:
    fleet = Fleet(7)
    fleet.on |= {"subscription:there": NEW, "billing-account:c": None}
    found = await plan(fleet)
    assert [item.subject for item in found.items] == [*(f"subscription:s-{n}" for n in range(7)), "billing-account:c"]
    assert [item.position for item in found.items] == list(range(1, 9))
    assert {(item.status, item.ask) for item in found.items} == {(ItemStatus.WAITING, MoveRun(by="system", to=NEW))}
    assert len((await plan(fleet, limit=3)).items) == 3


async def test_back_is_the_same_with_the_older_build() -> None:
    fleet = Fleet(3, NEW)
    fleet.routes = Routing(current=OLD)
    assert len((await plan(fleet, OLD)).items) == 3
    fleet.routes = Routing(current=NEW)
    assert (await plan(fleet)).items == ()


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
    with pytest.raises(Rejected) as refused:
        await plan(fleet, to)
    assert words in str(refused.value)


async def test_not_to_a_build_without_workers() -> None:
    fleet = Fleet(3)
    fleet.workers = {OLD}
    with pytest.raises(Rejected, match=r"No worker of build 2\.0 asks for tasks") as refused:
        await plan(fleet)
    assert refused.value.next_step is not None
    assert refused.value.next_step.do is Do.START_WORKER


async def test_without_versions() -> None:
    with pytest.raises(NotFound, match="set PERENNIAL_DEPLOYMENT"):
        await plan(None)
