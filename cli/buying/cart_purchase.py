"""`cart buy`: the cart as it was reviewed becomes an order (BUY-2, BUY-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from cli.options import Address, Buyer, By, Json, NoWait, an_order_id, with_options

if TYPE_CHECKING:
    from activities.orders.contracts import PlacedOrder
    from domain.ordering.cart import Cart
    from domain.ordering.lines import OrderRequest
    from domain.ordering.setup_link import SetupLink
    from perennial.sources.books import Books
    from workflows.order.client import OrderClient

KEY = "order"


Earlier = Annotated[
    str | None, Option("--cart", parser=an_order_id, metavar="ID", help="An earlier one.", show_default="the newest")
]


@with_options
def buy(
    customer: Buyer,
    cart: Earlier = None,
    by: By = "admin_agent",
    no_wait: NoWait = False,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Buy the customer's cart as it was reviewed (BUY-2).

    Each line succeeds or fails by itself. The same command again, also after a crash, goes on with the same
    order: what is bought stays so, and refused lines are tried again (BUY-3). Exit code 0 if all is bought.
    """
    from cli.buying.line import check_role
    from cli.buying.order import order_document, print_order
    from cli.buying.ordering import all_bought
    from cli.failure import ExitCode, Failure
    from cli.printing.screen import console, print_json
    from cli.running import run

    check_role(by)
    request, bought = run(_bought(customer, cart, by, no_wait, address))
    if bought is None:
        next_step = f"starter.py order show {request.order_id}"
        if as_json:
            print_json({"order_id": request.order_id})
        else:
            console().print(f"Order {request.order_id} is on its way. See: {next_step}", soft_wrap=True)
        return
    order, links = bought
    if as_json:
        print_json(order_document(order, links))
    else:
        print_order(console(), order, links)
    if not all_bought(order):
        raise Failure(code=ExitCode.FAILED)


Bought = tuple["PlacedOrder", "dict[str, SetupLink]"]


async def _bought(
    customer: str, cart_id: str | None, by: str, no_wait: bool, address: str | None
) -> tuple[OrderRequest, Bought | None]:
    from cli import server
    from cli.books import opened_books
    from cli.buying.cart import cart_of
    from cli.buying.ordering import all_bought, setup_links

    async with opened_books() as books:
        await books.buyer(customer)
        cart = await cart_of(books, customer, cart_id)
        known = await books.orders.order(cart.id)
        if known is None or not all_bought(known):
            # Reached first: a cart that is marked as ordered takes nothing more.
            orders = server.orders(await server.client(address))
            cart = await _ordered(books, cart)
            known = await _sent(orders, _request(cart, by), no_wait)
        links = await setup_links(books, known) if known else {}
        return _request(cart, by), (known, links) if known else None


def _request(cart: Cart, by: str) -> OrderRequest:
    from domain.ordering.lines import OrderRequest

    return OrderRequest(order_id=cart.id, customer=cart.customer, lines=cart.lines, by=by)


async def _sent(orders: OrderClient, request: OrderRequest, no_wait: bool) -> PlacedOrder | None:
    """The order once it is settled; None where nobody waits for that. Raises Failure where nobody answers."""
    from temporalio.service import RPCError

    from cli.buying.ordering import send
    from cli.failure import Failure
    from cli.printing.screen import console, counted
    from workflows.calls.errors import NotAnswered

    try:
        await send(orders, request)
        lines = counted(len(request.lines), "line")
        console(stderr=True).print(f"Order {request.order_id} is taken: {lines}.", soft_wrap=True)
        return None if no_wait else await _settled(orders, request.order_id)
    except (NotAnswered, RPCError) as error:
        again = f"starter.py cart buy --customer {request.customer} --cart {request.order_id}"
        raise Failure(f"{_said(error)} The order {request.order_id} is kept. Go on with it: {again}") from None


def _said(error: Exception) -> str:
    """What went wrong, as a sentence of its own."""
    words = " ".join(str(error).split())
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(('.', '?', '!')) else '.'}"


async def _settled(orders: OrderClient, order_id: str) -> PlacedOrder:
    from cli.buying.ordering import counting
    from cli.printing.progress import Progress

    with Progress() as progress:
        progress.begin(KEY, f"order {order_id}")
        order = await orders.settled(order_id, counting(progress, KEY))
        progress.end(KEY)
    return order


async def _ordered(books: Books, cart: Cart) -> Cart:
    """The cart as bought: its terms are found anew and must be those of the review. Raises CartRefused."""
    from cli.buying.cart_review import reviewed_now

    if cart.ordered_at:
        return cart
    now = await reviewed_now(books, cart, await books.buyer(cart.customer))
    return await books.carts.update(cart.id, lambda found: found.ordered(cart.lines, now.terms, now.at))
