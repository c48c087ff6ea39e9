"""`order show` and `order list`: what was ordered, and how far each line has come (BUY-3)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from cli.options import Json, Reading, an_order_id, positive_number, some_id, with_options

if TYPE_CHECKING:
    from rich.console import Console

    from activities.orders.contracts import OrderLine, PlacedOrder
    from domain.ordering.setup_link import SetupLink
    from perennial.sources.books import Books

PAGE = 500


@with_options
def show(
    order: Annotated[str, Argument(metavar="ID", parser=an_order_id, help="The order, as `order list` shows it.")],
    reading: Reading,
) -> None:
    """Show an order: each line's subscription, or the rule that says no and what to do instead (ELG-9)."""
    from cli.books import opened_books
    from cli.printing.screen import console, print_json
    from cli.running import run

    async def look() -> PlacedOrder:
        async with opened_books() as books:
            return await books.orders.order(order) or await _just_sent(order, reading.address)

    found = run(look())
    if reading.as_json:
        print_json(order_document(found))
    else:
        print_order(console(), found)


async def _just_sent(order: str, address: str | None) -> PlacedOrder:
    """The order as the server has it, where it is not in the books yet. Raises NotFound."""
    from cli import server

    return await server.orders(await server.client(address)).order(order)


def list_orders(
    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most so many.")] = 50,
    after: Annotated[
        str | None, Option(parser=an_order_id, metavar="ID", help="Those after this order.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List orders, the newest first."""
    from cli.books import opened_books
    from cli.options import typed_wrong
    from cli.printing.screen import console, print_json
    from cli.printing.tables import print_columns
    from cli.running import run

    async def look() -> list[PlacedOrder]:
        async with opened_books() as books:
            if after is not None and await books.orders.order(after) is None:
                raise typed_wrong("--after", after, "the id of an order, as the last page ended with")
            return await _newest(books, customer, limit, after)

    found = run(look())
    if as_json:
        print_json([order_document(order) for order in found])
        return
    screen = console()
    if not found:
        none_at_all = customer is None and after is None
        next_step = (
            "Fill a cart, or buy one line: starter.py buy --help" if none_at_all else "See all: starter.py order list"
        )
        screen.print(f"No {'' if none_at_all else 'such '}order. {next_step}", soft_wrap=True)
        return
    print_columns(screen, ("ID", "CUSTOMER", "ORDERED (UTC)", "LINES", ""), list(_rows(found)), right=("LINES",))
    if len(found) == limit:
        console(stderr=True).print(f"There may be more: --after {found[-1].order_id}", soft_wrap=True)


async def _newest(books: Books, customer: str | None, limit: int, after: str | None) -> list[PlacedOrder]:
    """So many, however many that is: the books are asked for a page at a time."""
    found: list[PlacedOrder] = []
    while len(found) < limit:
        size = min(limit - len(found), PAGE)
        page = await books.orders.orders(customer=customer, limit=size, after=after)
        found += page
        if len(page) < size:
            break
        after = page[-1].order_id
    return found


def order_document(order: PlacedOrder, links: Mapping[str, SetupLink] | None = None) -> dict[str, Any]:
    """What `--json` prints of it; lines whose set-up is waiting have their link where one was asked for (ISV-1)."""
    links = links or {}
    document = order.model_dump(mode="json")
    for line in document["lines"]:
        if link := links.get(line["subscription_id"]):
            line["setup_link"] = link.model_dump(mode="json")
    return document


def print_order(screen: Console, order: PlacedOrder, links: Mapping[str, SetupLink] | None = None) -> None:
    """Its lines, then the reasons of those that were refused and the links of those to be set up."""
    from rich.text import Text

    from cli.printing.screen import printable, second
    from cli.printing.tables import print_columns

    heading = f"{order.order_id}  for {order.customer}, {second(order.ordered_at)} UTC: {standing(order)}"
    screen.print(Text(heading, style="bold"), soft_wrap=True)
    screen.print()
    rows = [row for line in order.lines for row in _line_rows(line)]
    headings = ("LINE", "QUANTITY", "OFFER", "STATUS", "SUBSCRIPTION")
    print_columns(screen, headings, rows, right=("LINE", "QUANTITY"))
    if links or any(_why_not(line) for line in order.lines):
        screen.print()
    for line in order.lines:
        if words := _why_not(line):
            hanging = " " * len(f"line {line.number} ")
            for part in textwrap.wrap(f"line {line.number} {words}", screen.width, subsequent_indent=hanging):
                screen.print(Text(part, style="yellow"), soft_wrap=True)
    for line in order.lines:
        if link := (links or {}).get(line.subscription_id):
            screen.print(f"line {line.number} is set up at its publisher's, with this link (ISV-1):", soft_wrap=True)
            screen.print(f"  {printable(link.url)}", soft_wrap=True)
            screen.print(f"  valid until {second(link.expires_at)} UTC; no e-mail is sent", soft_wrap=True)


def standing(order: PlacedOrder) -> str:
    """Such as `2 of 3 lines bought, 1 refused`."""
    from activities.orders.contracts import LineStatus
    from cli.printing.screen import counted

    counts = {status: sum(line.status is status for line in order.lines) for status in LineStatus}
    lines = counted(len(order.lines), "line")
    stopped = sum(line.error is not None for line in order.lines)
    words = [f"{counts[LineStatus.BOUGHT]} of {lines} bought"]
    if counts[LineStatus.REFUSED]:
        words.append(f"{counts[LineStatus.REFUSED]} refused")
    if stopped:
        words.append(f"{stopped} stopped")
    if not order.settled:
        words.append("the others under way")
    return ", ".join(words)


def _why_not(line: OrderLine) -> str:
    """Why it is not bought, and the next step; nothing where it is, or will be."""
    from cli.printing.rule_words import refused_by
    from cli.printing.screen import printable

    if line.refusal:
        return f"is {printable(refused_by(line.refusal.rule, str(line.refusal)))}"
    return f"stopped, and can be ordered again: {printable(line.error)}" if line.error else ""


def _rows(found: list[PlacedOrder]) -> Iterator[tuple[str, ...]]:
    from cli.printing.screen import second

    for order in found:
        yield order.order_id, order.customer, second(order.ordered_at), str(len(order.lines)), standing(order)


def _line_rows(line: OrderLine) -> Iterator[tuple[str, ...]]:
    from cli.printing.screen import quantity

    subscription = "" if line.refusal else line.subscription_id
    yield str(line.number), quantity(line.quantity), line.offer, line.status, subscription
    for add_on, many in line.add_ons.items():
        yield "", quantity(many), f"  + {add_on}", "", ""
