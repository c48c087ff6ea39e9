"""Move sleeping workflows to another version of the workers: after a deployment, and to roll it back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from temporalio.service import RPCError

from domain.faults import shown
from domain.next_step import Do, NextStep
from domain.roles import Party
from perennial.sources.sources import Sources
from workflows.account.messages import ACCOUNT_WORKFLOW
from workflows.bulk.messages import BULK_WORKFLOW
from workflows.calls.errors import AlreadyEnded, CallError, NotFound, Rejected
from workflows.calls.versions import Versions
from workflows.durable.operator import Operator
from workflows.notifications.messages import DELIVERY_WORKFLOW
from workflows.price_changes.messages import PRICE_CHANGE_WORKFLOW
from workflows.subscription.messages import SUBSCRIPTION_WORKFLOW

MOVED = (SUBSCRIPTION_WORKFLOW, ACCOUNT_WORKFLOW, DELIVERY_WORKFLOW, PRICE_CHANGE_WORKFLOW, BULK_WORKFLOW)
"""The types of workflows that begin new runs. Orders and rebuilds end once the books can be reached."""
BATCH = 50
AT_ONCE = 8
"""How many workflows are moved at a time."""
MOST_FAILED = 10
"""After how many failures nothing more is moved."""


@dataclass
class Moves:
    """What has become of the workflows that were on another version than `to`.

    `found` is how many there were at the beginning, by the server's list. `stayed` are those whose new run the server
    has placed elsewhere, as it does with a part of them while a version is ramping. `failed` has the reason by the
    workflow's id. `stopped` says why the rest was not tried.
    """

    to: str
    found: int = 0
    moved: int = 0
    stayed: int = 0
    ended: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None

    @property
    def tried(self) -> int:
        """How many were tried."""
        return self.moved + self.stayed + self.ended + len(self.failed)


Watch = Callable[[Moves], None]
"""Is called when something has become of one more workflow."""


class Deployment:
    """The deployment that the settings name. Raises ServerUnreachable and RPCError."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def elsewhere(self, to: str | None = None) -> Moves:
        """How many workflows are on another version than that build, else than the current one; moves nothing.

        Raises NotFound and Rejected, as `migrate` does.
        """
        versions = await self._versions()
        build = await _target(versions, to)
        return Moves(build, found=await versions.count_elsewhere(build, MOVED))

    async def migrate(
        self,
        to: str | None = None,
        *,
        canary: int,
        per_second: int,
        limit: int | None = None,
        watch: Watch = lambda _: None,
    ) -> Moves:
        """Let every workflow on another version begin a new run, which the server places on the target version.

        `to` is the build that is wanted, by default the deployment's current one. The first `canary` workflows must
        all get on in their new run before others are tried; at most `per_second` begin per second, and `limit` in all.
        What is moved stays moved: the same call again goes on with the rest. Moving back to an older build is the same.

        Raises NotFound where there is no such deployment, and Rejected where no new run would be placed on the build,
        or none of its workers is there.
        """
        versions = await self._versions()
        build = await _target(versions, to)
        if not await versions.has_worker(build):
            words = f"No worker of build {build} asks for tasks: what is moved there would stand still."
            raise Rejected(words, next_step=NextStep(Do.START_WORKER))
        moves = Moves(build, found=await versions.count_elsewhere(build, MOVED))
        await _Migration(versions, moves, per_second, watch).run(canary, limit)
        return moves

    async def _versions(self) -> Versions:
        versions = (await self._sources.server()).versions
        if versions is None:
            raise NotFound("Workers have no versions here: set PERENNIAL_DEPLOYMENT, for the workers too.")
        return versions


async def _target(versions: Versions, to: str | None) -> str:
    """The build to move to. Raises NotFound, and Rejected where no new run goes there."""
    routing = await versions.routing()
    build = to or routing.current
    if build is None:
        raise Rejected(f"Deployment {versions.deployment} has no current version: set one first.")
    if not routing.leads_to(build):
        came, current = shown(to), routing.current or "none"
        ramping = f", or the ramping one, {routing.ramping}" if routing.leads_to(routing.ramping or "") else ""
        raise Rejected(
            f"--to: got {came}; takes the build that new runs go to: the current one, {current}{ramping}. "
            "Change the routing first."
        )
    return build


class _Migration:
    """One migration, batch by batch."""

    def __init__(self, versions: Versions, moves: Moves, per_second: int, watch: Watch) -> None:
        self._versions, self._moves, self._watch = versions, moves, watch
        self._interval, self._next_turn = 1 / per_second, 0.0
        self._window = asyncio.Semaphore(AT_ONCE)

    async def run(self, canary: int, limit: int | None) -> None:
        moves, size = self._moves, canary or BATCH
        async for batch in self._batches(canary, limit):
            await asyncio.gather(*(self._move(*each) for each in batch))
            if canary and moves.failed and moves.tried <= size:
                moves.stopped = f"{len(moves.failed)} of the first {moves.tried} did not get on in a new run"
                return
            if len(moves.failed) >= MOST_FAILED:
                moves.stopped = f"{len(moves.failed)} have failed"
                return

    async def _batches(self, canary: int, limit: int | None) -> AsyncIterator[list[tuple[str, str]]]:
        batch: list[tuple[str, str]] = []
        size, left = canary or BATCH, limit
        async for each in self._versions.elsewhere(self._moves.to, MOVED):
            if left == 0:
                break
            batch.append(each)
            left = None if left is None else left - 1
            if len(batch) == size:
                yield batch
                batch, size = [], BATCH
        if batch:
            yield batch

    async def _move(self, workflow_id: str, run_id: str) -> None:
        async with self._window:
            await self._turn()
            request = Operator(by=Party.SYSTEM.value, note=f"migrate to {self._moves.to}")
            moves = self._moves
            try:
                build = await self._versions.move(workflow_id, run_id, request)
            except (AlreadyEnded, NotFound):
                moves.ended += 1
            except CallError as error:
                moves.failed[workflow_id] = str(error)
            except RPCError as error:
                moves.failed[workflow_id] = f"the server did not answer ({error.message})"
            else:
                moves.moved += build == moves.to
                moves.stayed += build != moves.to
            self._watch(moves)

    async def _turn(self) -> None:
        """Wait for the next turn: they come at equal intervals."""
        now = asyncio.get_running_loop().time()
        self._next_turn = max(now, self._next_turn)
        pause, self._next_turn = self._next_turn - now, self._next_turn + self._interval
        await asyncio.sleep(pause)
