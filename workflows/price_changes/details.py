"""What a person sees of a telling of prices in the Web UI."""

from workflows.durable.markdown import table
from workflows.price_changes.messages import PriceProgress


def markdown(version: int, progress: PriceProgress) -> str:
    """How far it has come, and who could not be told."""
    told = progress.told
    rows = [("told", told.told), ("unchanged", told.unchanged), ("ended", told.ended), ("not told", told.failures)]
    lines = [
        f"## Prices of catalog version {version}: {progress.done} of {progress.total} subscriptions",
        "",
        *table(("what came of it", "subscriptions"), rows),
    ]
    if told.failures:
        named = ", ".join(told.failed)
        more = f" and {told.failures - len(told.failed)} more" if told.failures > len(told.failed) else ""
        lines += ["", f"**Not told:** {named}{more}. The next import of the catalog tells them again."]
    return "\n".join(lines)
