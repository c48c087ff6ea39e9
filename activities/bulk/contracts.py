"""What the activities of bulk operations take and return."""

from domain.bulk.operations import BulkState
from domain.bulk.totals import Totals
from domain.values import Frozen


class BatchInput(Frozen):
    """A batch of an operation's items: at most `limit`, at most `per_second`, and none after `most_failed` failures.

    `again` has those that have failed wait once more before.
    """

    bulk_id: str
    limit: int
    per_second: int
    most_failed: int
    again: bool = False


class Sent(Frozen):
    """How many items of the batch were tried, and the totals of the whole operation after it.

    `state` is the operation's state in the books: where that is final, nothing was sent.
    """

    tried: int
    totals: Totals
    state: BulkState


class StateInput(Frozen):
    """The state in which an operation is from now on and why, and its rate."""

    bulk_id: str
    state: BulkState
    reason: str | None = None
    per_second: int
