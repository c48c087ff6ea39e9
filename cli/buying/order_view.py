"""An order as JSON and as text, and its progress."""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from activities.orders.contracts import LineStatus, OrderLine, PlacedOrder
from cli.printing.progress import Progress
from cli.printing.screen import counted, printable, quantity, second
from cli.printing.tables import print_columns
from cli.rule_words import refused_by
from domain.ordering.setup_link import SetupLink


def order_document(order: PlacedOrder, links: Mapping[str, SetupLink] | None = None) -> dict[str, Any]:
    """Return what `--json` prints of an order, with the set-up links of its lines, if there are any (ISV-1)."""
    links = links or {}
    document = order.model_dump(mode="json")
    for line in document["lines"]:
        if link := links.get(line["subscription_id"]):
            line["setup_link"] = link.model_dump(mode="json")
    return document


def print_order(screen: Console, order: PlacedOrder, links: Mapping[str, SetupLink] | None = None) -> None:
    """Print an order's lines, then the reasons of those refused and the links of those that need a set-up."""
    heading = f"{order.order_id}  for {order.customer}, {second(order.ordered_at)} UTC: {summary(order)}"
    screen.print(Text(heading, style="bold"), soft_wrap=True)
    screen.print()
    rows = [row for line in order.lines for row in _line_rows(line)]
    headings = ("LINE", "QUANTITY", "OFFER", "STATUS", "SUBSCRIPTION")
    print_columns(screen, headings, rows, right=("LINE", "QUANTITY"))
    if links or any(why_not(line) for line in order.lines):
        screen.print()
    for line in order.lines:
        if words := why_not(line):
            hanging = " " * len(f"line {line.number} ")
            for part in textwrap.wrap(f"line {line.number} {words}", screen.width, subsequent_indent=hanging):
                screen.print(Text(part, style="yellow"), soft_wrap=True)
    for line in order.lines:
        if link := (links or {}).get(line.subscription_id):
            screen.print(f"line {line.number}: set it up at its publisher with this link (ISV-1):", soft_wrap=True)
            screen.print(f"  {printable(link.url)}", soft_wrap=True)
            screen.print(f"  valid until {second(link.expires_at)} UTC; no e-mail is sent", soft_wrap=True)


def print_orders(screen: Console, orders: list[PlacedOrder]) -> None:
    """Print one row per order."""
    rows = [
        (order.order_id, order.customer, second(order.ordered_at), str(len(order.lines)), summary(order))
        for order in orders
    ]
    print_columns(screen, ("ID", "CUSTOMER", "ORDERED (UTC)", "LINES", ""), rows, right=("LINES",))


def summary(order: PlacedOrder) -> str:
    """Return how far the order is, such as `2 of 3 lines bought, 1 refused`."""
    counts = {status: sum(line.status is status for line in order.lines) for status in LineStatus}
    stopped = sum(line.error is not None for line in order.lines)
    words = [f"{counts[LineStatus.BOUGHT]} of {counted(len(order.lines), 'line')} bought"]
    if counts[LineStatus.REFUSED]:
        words.append(f"{counts[LineStatus.REFUSED]} refused")
    if stopped:
        words.append(f"{stopped} stopped")
    if not order.settled:
        words.append("the others in progress")
    return ", ".join(words)


def why_not(line: OrderLine) -> str:
    """Return why the line is not bought and the next step; empty if it is, or will be."""
    if line.refusal:
        return f"is {printable(refused_by(line.refusal.rule, str(line.refusal)))}"
    return f"stopped, and can be ordered again: {printable(line.error)}" if line.error else ""


@contextmanager
def watched(order_id: str) -> Iterator[Callable[[PlacedOrder], None]]:
    """Show an order's progress, such as `12 of 50 lines`, with each order that is passed to the yielded function."""
    with Progress() as progress:
        progress.begin(order_id, f"order {order_id}")
        yield lambda order: progress.note(order_id, _done(order))
        progress.end(order_id)


def _done(order: PlacedOrder) -> str:
    return f"{sum(line.settled for line in order.lines)} of {len(order.lines)} lines"


def _line_rows(line: OrderLine) -> Iterator[tuple[str, ...]]:
    subscription = "" if line.refusal else line.subscription_id
    yield str(line.number), quantity(line.quantity), line.offer, line.status, subscription
    for add_on, many in line.add_ons.items():
        yield "", quantity(many), f"  + {add_on}", "", ""
