"""The current details of a price change in the Web UI."""

from workflows.durable.markdown import table
from workflows.price_changes.messages import PriceProgress


def markdown(version: int, progress: PriceProgress) -> str:
    """How many subscriptions have the prices, and which could not be reached."""
    told = progress.told
    reached = [("changed", told.told), ("unchanged", told.unchanged), ("ended", told.ended)]
    lines = [
        f"## Prices of catalog version {version}: {progress.done} of {progress.total} subscriptions",
        "",
        *table(("result", "subscriptions"), [*reached, ("not reached", told.failures)]),
    ]
    if told.failures:
        named = ", ".join(told.failed)
        more = f" and {told.failures - len(told.failed)} more" if told.failures > len(told.failed) else ""
        lines += ["", f"**Not reached:** {named}{more}. The next import of the catalog sends them the prices again."]
    return "\n".join(lines)
