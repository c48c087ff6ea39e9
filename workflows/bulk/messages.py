"""The public contract of `BulkWorkflow`: its start, updates and query. It takes no signals."""

from typing import Annotated

from pydantic import Field

from domain.bulk.items import ItemStatus
from domain.bulk.operations import BulkState
from domain.bulk.requests import BulkId
from domain.bulk.totals import Totals
from domain.money import Money
from domain.values import Frozen, Strict
from statemachines.state_schema import BULK
from workflows.durable import options
from workflows.durable.carried import Carried
from workflows.durable.operator import Operator

BULK_WORKFLOW = "BulkWorkflow"
"""The workflow's type."""
FASTEST = 1000
"""How many items per second an operation sends at most."""
PerSecond = Annotated[int, Field(ge=1, le=FASTEST)]


class StartBulk(Strict):
    """Carries out a bulk operation that is in the books, at most so many items per second.

    If one of the first `canary` items fails, it pauses. A batch has at most `batch` items, and a run so many batches.
    With `paused`, which says why, it begins paused: the update `resume` goes on.
    """

    bulk_id: BulkId
    per_second: PerSecond = 50
    canary: Annotated[int, Field(ge=0, le=200)] = 0
    batch: Annotated[int, Field(ge=1, le=200)] = 200
    batches_per_run: Annotated[int, Field(ge=1, le=1000)] = 100
    paused: Annotated[str, Field(min_length=1, max_length=options.MAX_REASON)] | None = None


class SetRate(Operator):
    """Send at most so many items per second from the next batch on."""

    per_second: PerSecond


BULK_UPDATES: dict[str, type[Strict]] = {
    "pause": Operator,
    "resume": Operator,
    "stop": Operator,
    "set_rate": SetRate,
    "migrate": Operator,
}
"""The updates, and the request that each takes."""


class BulkProgress(Frozen):
    """How far an operation is; `reason` says why it is paused or stopped. `counts` has its items by status.

    `credits` and `charges` are those of the items that are done, per currency.
    """

    bulk_id: BulkId
    state: BulkState
    reason: str | None = None
    per_second: int
    items: int = 0
    counts: dict[ItemStatus, int] = {}
    credits: tuple[Money, ...] = ()
    charges: tuple[Money, ...] = ()

    @classmethod
    def of(cls, bulk_id: str, state: BulkState, reason: str | None, per_second: int, totals: Totals) -> "BulkProgress":
        """With these totals."""
        return cls(
            bulk_id=bulk_id,
            state=state,
            reason=reason,
            per_second=per_second,
            items=totals.items,
            counts={status: count for status in ItemStatus if (count := totals.count(status))},
            credits=totals.credits(ItemStatus.DONE),
            charges=totals.charges(ItemStatus.DONE),
        )

    @property
    def left(self) -> int:
        """How many items are still to do."""
        return self.counts.get(ItemStatus.WAITING, 0)


class ContinuedBulk(Carried):
    """What one run hands to the next. `canary` is still to come where it is not 0; `again` tries the failed ones."""

    state_schema = BULK
    schema_version: int = BULK.version

    bulk_id: str
    per_second: int
    canary: int
    batch: int
    batches_per_run: int
    state: BulkState
    reason: str | None = None
    again: bool = False
    totals: Totals


BulkStart = StartBulk | ContinuedBulk
"""What a run begins with: an operation, or the progress so far."""
