"""The current details of a bulk operation in the Web UI."""

from domain.bulk.operations import BulkState
from workflows.bulk.messages import BulkProgress
from workflows.durable.markdown import table


def markdown(progress: BulkProgress) -> str:
    """How far it is, what it comes to so far, and what to do while it is paused."""
    done = progress.items - progress.left
    lines = [f"## Bulk operation {progress.bulk_id}: {done:,} of {progress.items:,} items, {progress.state.words}"]
    if progress.reason:
        steps = " The update `resume` goes on, and `stop` ends it." if progress.state is BulkState.PAUSED else ""
        lines += ["", f"**Why:** {progress.reason}.{steps}"]
    lines += ["", *table(("result", "items"), [(status.words, f"{n:,}") for status, n in progress.counts.items()])]
    money = [("credit", each) for each in progress.credits] + [("charge", each) for each in progress.charges]
    if money:
        lines += ["", *table(("money of what is done", "total"), money)]
    return "\n".join([*lines, "", f"At most {progress.per_second:,} per second."])
