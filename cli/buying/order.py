"""`order show` and `order list`: orders, and how far each of their lines is (BUY-3)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from rich.text import Text
from typer import Argument, Option

from activities.orders.contracts import LineStatus, OrderLine, PlacedOrder
from cli.options import Json, Reading, an_order_id, positive_number, some_id, typed_wrong, with_options
from cli.printing.progress import Progress
from cli.printing.screen import console, counted, moment, print_json, printable, quantity, say, second, wrapped, zone
from cli.printing.tables import print_columns
from cli.rule_words import refused_by
from cli.running import use
from cli.start import program
from domain.ordering.setup_link import SetupLink
from perennial.sources.books import NotInBooks
from perennial.use_cases import Perennial


@with_options
def show(
    order: Annotated[str, Argument(metavar="ID", parser=an_order_id, help="The order, as `order list` shows it.")],
    reading: Reading,
) -> None:
    """Show an order: each line's subscription, or why it was refused and what to do instead (ELG-9).

    Example: order show crm-1
    """
    found = use(lambda perennial: perennial.orders.show(order), reading.address)
    if reading.as_json:
        print_json(order_document(found))
    else:
        print_order(found)


def list_orders(
    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Only this customer's.")] = None,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many.")] = 50,
    after: Annotated[
        str | None, Option(parser=an_order_id, metavar="ID", help="Only those after this order.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List orders, newest first.

    Example: order list --customer fabrikam
    """

    async def look(perennial: Perennial) -> list[PlacedOrder]:
        try:
            return await perennial.orders.list(customer, limit=limit, after=after)
        except NotInBooks:
            raise typed_wrong("--after", after, "the id of an order, such as the last one of a page") from None

    found = use(look)
    if as_json:
        print_json([order_document(order) for order in found])
    elif not found and customer is None and after is None:
        say(f"No orders yet. Fill a cart, or buy one line: {program()} buy --help")
    elif not found:
        say(f"No order matches. See all: {program()} order list")
    else:
        rows = [(o.order_id, o.customer, second(o.ordered_at), str(len(o.lines)), summary(o)) for o in found]
        print_columns(console(), ("ID", "CUSTOMER", f"ORDERED ({zone()})", "LINES", ""), rows, right=("LINES",))
        if len(found) == limit:
            say(f"There may be more: --after {found[-1].order_id}", stderr=True)


def order_document(order: PlacedOrder, links: Mapping[str, SetupLink] | None = None) -> dict[str, Any]:
    """Return what `--json` prints of an order, with the set-up links of its lines, if there are any (ISV-1)."""
    links = links or {}
    document = order.model_dump(mode="json")
    for line in document["lines"]:
        if link := links.get(line["subscription_id"]):
            line["setup_link"] = link.model_dump(mode="json")
    return document


def print_order(order: PlacedOrder, links: Mapping[str, SetupLink] | None = None) -> None:
    """Print an order's lines, then the reasons of those refused and the links of those that need a set-up."""
    screen = console()
    heading = f"{order.order_id}  for {order.customer}, {moment(order.ordered_at)}: {summary(order)}"
    say(Text(heading, style="bold"))
    say("")
    rows = [row for line in order.lines for row in _line_rows(line)]
    headings = ("LINE", "QUANTITY", "OFFER", "STATUS", "SUBSCRIPTION")
    print_columns(screen, headings, rows, right=("LINE", "QUANTITY"))
    if links or any(why_not(line) for line in order.lines):
        say("")
    for line in order.lines:
        if words := why_not(line):
            hanging = " " * len(f"line {line.number} ")
            for part in wrapped(f"line {line.number} {words}", screen.width, subsequent_indent=hanging):
                say(Text(part, style="yellow"))
    for line in order.lines:
        if link := (links or {}).get(line.subscription_id):
            say(f"line {line.number}: set it up at its publisher with this link (ISV-1):")
            say(f"  {printable(link.url)}")
            say(f"  valid until {moment(link.expires_at)}; no e-mail is sent")


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
        yield lambda order: progress.note(
            order_id, f"{sum(line.settled for line in order.lines)} of {len(order.lines)} lines"
        )
        progress.end(order_id)


def _line_rows(line: OrderLine) -> Iterator[tuple[str, ...]]:
    subscription = "" if line.refusal else line.subscription_id
    yield str(line.number), quantity(line.quantity), line.offer, line.status, subscription
    for add_on, many in line.add_ons.items():
        yield "", quantity(many), f"  + {add_on}", "", ""
