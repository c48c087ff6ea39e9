"""`search`: find customers, subscriptions, invoices and orders by a part of an id or a name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from cli.options import Json, positive_number, typed_wrong
from cli.printing.screen import console, print_json, printable, say, second, zone
from cli.printing.tables import print_columns
from cli.running import use

if TYPE_CHECKING:
    from activities.found import Found


def search(
    text: Annotated[str, Argument(metavar="TEXT", help="A part of an id, a customer's name or an invoice's number.")],
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many of each kind.")] = 10,
    as_json: Json = False,
) -> None:
    """Find customers, subscriptions, invoices and orders by a part of an id or a name.

    Subscriptions, invoices and orders are found by their customer too, subscriptions by their offer and by what another
    system called them. What begins with the text comes first.

    Example: search fabrikam
    """
    try:
        found = use(lambda perennial: perennial.search.find(text, limit))
    except ValueError as error:
        raise typed_wrong("TEXT", text, str(error).removeprefix("takes ")) from None
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    screen, tables = console(), [table for table in _tables(found) if table[1]]
    for number, (headings, rows) in enumerate(tables):
        if number:
            screen.print()
        print_columns(screen, headings, rows, right=("DUE",))
    if not tables:
        say(f"Nothing has {text!r} in an id or a name.")
    if found.more:
        say(f"There are more {' and '.join(found.more)}: --limit {limit * 10}, or a longer text.", stderr=True)


def _tables(found: Found) -> Iterator[tuple[Sequence[str], Sequence[Sequence[str]]]]:
    yield ("CUSTOMER", "NAME"), [(each.customer_id, printable(each.name)) for each in found.customers]
    yield (
        ("SUBSCRIPTION", "CUSTOMER", "OFFER", "STATE"),
        [(each.subscription_id, each.customer_id, each.offer_id, each.state) for each in found.subscriptions],
    )
    yield (
        ("INVOICE", "CUSTOMER", "STATE", "DUE"),
        [(each.invoice, each.customer_id, each.state, str(each.due)) for each in found.invoices],
    )
    yield (
        ("ORDER", "CUSTOMER", f"ORDERED ({zone()})"),
        [(each.order_id, each.customer_id, second(each.ordered_at)) for each in found.orders],
    )
