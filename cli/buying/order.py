"""`order show` and `order list`: orders, and how far each of their lines is (BUY-3)."""

from typing import Annotated

from typer import Argument, Option

from activities.orders.contracts import PlacedOrder
from cli.buying.order_view import order_document, print_order, print_orders
from cli.options import Json, Reading, an_order_id, positive_number, some_id, typed_wrong, with_options
from cli.printing.screen import console, print_json
from cli.running import use
from cli.start import program
from perennial.sources.books import NotInBooks
from perennial.use_cases import Perennial


@with_options
def show(
    order: Annotated[str, Argument(metavar="ID", parser=an_order_id, help="The order, as `order list` shows it.")],
    reading: Reading,
) -> None:
    """Show an order: each line's subscription, or why it was refused and what to do instead (ELG-9)."""
    found = use(lambda perennial: perennial.orders.show(order), reading.address)
    if reading.as_json:
        print_json(order_document(found))
    else:
        print_order(console(), found)


def list_orders(
    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Only this customer's.")] = None,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many.")] = 50,
    after: Annotated[
        str | None, Option(parser=an_order_id, metavar="ID", help="Only those after this order.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List orders, newest first."""

    async def look(perennial: Perennial) -> list[PlacedOrder]:
        try:
            return await perennial.orders.list(customer, limit=limit, after=after)
        except NotInBooks:
            raise typed_wrong("--after", after, "the id of an order, such as the last one of a page") from None

    found = use(look)
    if as_json:
        print_json([order_document(order) for order in found])
    elif not found and customer is None and after is None:
        words = f"No orders yet. Fill a cart, or buy one line: {program()} buy --help"
        console().print(words, soft_wrap=True)
    elif not found:
        console().print(f"No such order. See all: {program()} order list", soft_wrap=True)
    else:
        print_orders(console(), found)
        if len(found) == limit:
            console(stderr=True).print(f"There may be more: --after {found[-1].order_id}", soft_wrap=True)
