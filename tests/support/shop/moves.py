"""Move workflows to another version of the workers by a bulk operation, and what became of them."""

from dataclasses import dataclass, field

from domain.bulk.items import ItemStatus
from domain.bulk.operations import BulkState
from domain.bulk.requests import MoveRun
from perennial.bulk.bulk import Pace
from perennial.bulk.planning import Choice
from perennial.use_cases import Perennial
from tests.support.shop.bulk import new_id
from workflows.durable.operator import Operator


@dataclass
class Moves:
    """How many were on another version, and what became of them; `stopped` says why the rest was not tried."""

    found: int = 0
    moved: int = 0
    stayed: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None


async def moved(perennial: Perennial, to: str | None = None, *, canary: int = 5, per_second: int = 200) -> Moves:
    """Move everything; an operation that pauses is stopped."""
    bulk, bulk_id = perennial.bulk, new_id()
    choice = await bulk.resolved(Choice.of_moves(MoveRun(by="system", to=to)))
    plan = await bulk.plan(choice)
    if not plan.items:
        return Moves()
    await bulk.start(bulk_id, plan, Pace(per_second, canary))
    progress = await bulk.settled(bulk_id)
    if progress.state is BulkState.PAUSED:
        await bulk.steer(bulk_id, "stop", Operator(by="a test"))
    items = [item async for item in bulk.items(bulk_id)]
    return Moves(
        found=len(items),
        moved=sum(item.status is ItemStatus.DONE for item in items),
        stayed=sum(item.status is ItemStatus.UNCHANGED for item in items),
        failed={item.subject: item.message for item in items if item.status is ItemStatus.FAILED},
        stopped=progress.reason,
    )
