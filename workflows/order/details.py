"""The current details of an order in the Web UI, and the summaries of its activities."""

from collections import Counter

from activities.orders.contracts import OrderLine, PlacedOrder
from workflows.durable.markdown import table

HEAD = ("line", "offer", "quantity", "subscription", "status", "why")


def markdown(order: PlacedOrder, note: str | None = None) -> str:
    """How many lines have which status, then each line; refusals with their rule and message."""
    counts = Counter("stopped" if line.error else line.status.value for line in order.lines)
    statuses = ", ".join(f"{count} {status}" for status, count in counts.items())
    lines = [f"## Order {order.order_id} for {order.customer}: {statuses}"]
    if note:
        lines += ["", f"**Note:** {note}"]
    rows = (
        (line.number, _offer(line), line.quantity, line.subscription_id, line.status.value, _why(line))
        for line in order.lines
    )
    return "\n".join([*lines, "", *table(HEAD, rows)])


def headline(do: str, line: OrderLine) -> str:
    """An activity's summary: `place line 3: 5 x contoso-crm`."""
    return f"{do} line {line.number}: {line.quantity} x {line.offer}"


def _offer(line: OrderLine) -> str:
    return " + ".join([line.offer, *(f"{quantity} x {add_on}" for add_on, quantity in line.add_ons.items())])


def _why(line: OrderLine) -> str:
    if line.error:
        return line.error
    return f"{line.refusal.rule.value}: {line.refusal}" if line.refusal else ""
