"""Subscriptions that the books have as living, and whose workflow is not on the server."""

from collections.abc import Awaitable
from typing import TypeVar

from activities.billing.contracts import ListedSubscription
from activities.errors import WorldError
from domain.next_step import Do, NextStep
from domain.values import format_instant
from perennial.sources.sources import Sources
from workflows.calls.errors import NotFound, WorkflowFailed

T = TypeVar("T")


def without_workflow(listed: ListedSubscription) -> WorkflowFailed:
    """The error for a subscription that has not ended by the books, and that the server does not know."""
    words = (
        f"The workflow of {listed.subscription_id} is missing on this server; the books have its events up to number "
        f"{listed.last_seq}, of {format_instant(listed.last_at)}. Nothing of it happens by itself any more."
    )
    return WorkflowFailed(words, NextStep(Do.RECONCILE, listed.subscription_id, "Find out what to do"))


async def explained(sources: Sources, subscription_id: str, asking: Awaitable[T]) -> T:
    """What the server answers. If it does not know a subscription that should be living, the error says so."""
    try:
        return await asking
    except NotFound:
        try:
            listed = await (await sources.books()).subscriptions.listed(subscription_id)
        except WorldError:
            listed = None
        if listed is None or listed.over:
            raise
    raise without_workflow(listed)
