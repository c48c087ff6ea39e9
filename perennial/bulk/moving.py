"""Which workflows a move to another build of the workers is about: after a deployment, and to roll it back."""

from domain.bulk.items import Item, ItemStatus
from domain.bulk.requests import MoveRun
from domain.faults import shown
from domain.next_step import Do, NextStep
from perennial.sources.sources import Sources
from workflows.account.messages import ACCOUNT_WORKFLOW
from workflows.bulk.messages import BULK_WORKFLOW
from workflows.calls.errors import NotFound, Rejected
from workflows.calls.versions import Versions
from workflows.notifications.messages import DELIVERY_WORKFLOW
from workflows.price_changes.messages import PRICE_CHANGE_WORKFLOW
from workflows.subscription.messages import SUBSCRIPTION_WORKFLOW

MOVED = (SUBSCRIPTION_WORKFLOW, ACCOUNT_WORKFLOW, DELIVERY_WORKFLOW, PRICE_CHANGE_WORKFLOW, BULK_WORKFLOW)
"""The types of workflows that begin new runs. Orders and rebuilds end once the books can be reached."""


async def target(sources: Sources, to: str | None) -> str:
    """The build to move to, by default the deployment's current one.

    Raises NotFound where there is no such deployment, and Rejected where no new run would be placed on the build.
    """
    versions = await _versions(sources)
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


async def items(sources: Sources, ask: MoveRun, limit: int | None) -> list[Item]:
    """The workflows on another version than the build, at most so many; they are moved in this order.

    Raises Rejected where none of the build's workers is there.
    """
    versions = await _versions(sources)
    assert ask.to is not None
    if not await versions.has_worker(ask.to):
        words = f"No worker of build {ask.to} asks for tasks: what is moved there would stand still."
        raise Rejected(words, next_step=NextStep(Do.START_WORKER))
    found: list[Item] = []
    async for workflow_id, _ in versions.elsewhere(ask.to, MOVED):
        if limit is not None and len(found) >= limit:
            break
        found.append(Item(position=len(found) + 1, subject=workflow_id, status=ItemStatus.WAITING, ask=ask))
    return found


async def _versions(sources: Sources) -> Versions:
    versions = (await sources.server()).versions
    if versions is None:
        raise NotFound("Workers have no versions here: set PERENNIAL_DEPLOYMENT, for the workers too.")
    return versions
