"""A bulk operation: its request, how far it is, and when it pauses by itself."""

from collections.abc import Iterable

from domain.bulk.items import Item, ItemStatus
from domain.bulk.requests import BulkRequest
from domain.bulk.totals import Totals
from domain.values import Frozen, Instant, Worded

MOST_FAILED = 10
"""After how many failures an operation pauses by itself."""


class BulkState(Worded):
    """How an operation stands. The last two are final."""

    RUNNING = "running", "running"
    PAUSED = "paused", "paused"
    DONE = "done", "done"
    STOPPED = "stopped", "stopped; the rest is untouched"

    @property
    def final(self) -> bool:
        """Whether nothing more is sent."""
        return self in {BulkState.DONE, BulkState.STOPPED}


class Operation(Frozen):
    """An operation as the books have it: at most `per_second` items are sent. `shown` is its preview's totals.

    `reason` says why it is paused or stopped.
    """

    bulk_id: str
    request: BulkRequest
    started_at: Instant
    shown: Totals
    per_second: int
    state: BulkState = BulkState.RUNNING
    reason: str | None = None
    ended_at: Instant | None = None

    @property
    def items(self) -> int:
        """How many items it has."""
        return self.shown.items


class Refusals(Frozen):
    """The items of one status that name the same rule: how many, and one of them with its message."""

    status: ItemStatus
    rule: str | None
    items: int
    subject: str
    message: str


NOT_DONE = (ItemStatus.REFUSED, ItemStatus.CHANGED, ItemStatus.ENDED, ItemStatus.SKIPPED, ItemStatus.FAILED)


def refusals_of(items: Iterable[Item]) -> list[Refusals]:
    """What is not done of these items, by status and rule, each with its first item."""
    found: dict[tuple[ItemStatus, str | None], Refusals] = {}
    for item in items:
        if item.status not in NOT_DONE:
            continue
        key = (item.status, item.rule)
        first = found.get(key)
        found[key] = Refusals(
            status=item.status,
            rule=item.rule,
            items=first.items + 1 if first else 1,
            subject=first.subject if first else item.subject,
            message=first.message if first else item.message,
        )
    return in_order(found.values())


def in_order(refusals: Iterable[Refusals]) -> list[Refusals]:
    """By status, and those of most items first."""
    return sorted(refusals, key=lambda each: (NOT_DONE.index(each.status), -each.items, each.rule or ""))


def reason_to_pause(*, failed: int, tried: int, canary: bool, waiting: int) -> str | None:
    """Why an operation pauses by itself after a batch; None if it goes on, or is done.

    `failed` items stand as failed, `tried` were tried in this batch, which was the `canary`, and `waiting` are to do.
    """
    if failed and canary:
        return f"{failed:,} of the first {tried:,} failed"
    if failed >= MOST_FAILED:
        return f"{failed:,} have failed"
    if failed and not waiting:
        return f"{failed:,} failed, and everything else is done"
    return None
