"""The commands of `cart`: add, remove, show, review and buy (BUY-1 to BUY-3)."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from typer import Argument, Option

from cli.buying.cart_view import cart_document, print_cart
from cli.buying.line import LineOptions, typed_line, typed_role
from cli.buying.order_view import order_document, print_order, watched
from cli.buying.review_view import print_review, review_document
from cli.failure import ExitCode, Failure
from cli.next_step import line_of
from cli.options import Address, Buyer, By, Json, NoWait, OfferId, an_order_id, positive_number, with_options
from cli.printing.screen import console, counted, print_json
from cli.running import use
from cli.start import program
from domain.ordering.lines import OrderRequest
from perennial.order.carts import CartShown
from perennial.order.orders import BoughtOrder, OrderUnanswered
from perennial.use_cases import Perennial

CartId = Annotated[
    str | None, Option("--cart", parser=an_order_id, metavar="ID", help="An earlier cart.", show_default="the newest")
]
LineNumber = Annotated[
    int, Argument(metavar="LINE", parser=positive_number, help="The line's number, as `cart show` prints it.")
]


@with_options
def add(offer: OfferId, customer: Buyer, line: LineOptions, as_json: Json = False) -> None:
    """Add an offer to the customer's open cart, or to a new one (BUY-1).

    An offer, a quantity or an add-on that does not exist is refused at once. Whether this customer can buy the
    line, and on which terms, is shown by `cart review`.
    """
    wanted = typed_line(offer, line)
    _answer(lambda perennial: perennial.carts.add(customer, wanted), as_json)


def remove(number: LineNumber, customer: Buyer, as_json: Json = False) -> None:
    """Remove a line from the customer's cart."""
    _answer(lambda perennial: perennial.carts.remove(customer, number), as_json)


def show(customer: Buyer, as_json: Json = False) -> None:
    """Show the customer's cart, when it expires, and whether it has been reviewed."""
    _answer(lambda perennial: perennial.carts.show(customer), as_json)


def review(customer: Buyer, as_json: Json = False) -> None:
    """Review the customer's cart: eligibility, price, dates and charges of each line (BUY-2).

    It can be bought as reviewed. Any change of the cart or of its terms needs a new review.
    """
    reviewed = use(lambda perennial: perennial.carts.review(customer))
    if as_json:
        print_json(review_document(reviewed))
    else:
        print_review(console(), reviewed)


@with_options
def buy(
    customer: Buyer,
    cart: CartId = None,
    by: By = "admin_agent",
    no_wait: NoWait = False,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Buy the customer's cart as it was reviewed (BUY-2).

    Each line succeeds or fails on its own. The same command again, also after a crash, continues the same order:
    lines that were bought stay bought, refused lines are tried again (BUY-3). Exit code 0 if all are bought.
    """
    typed_role(by)
    order_id, bought = use(lambda perennial: _buy(perennial, customer, cart, by, no_wait), address)
    if bought is None:
        if as_json:
            print_json({"order_id": order_id})
        else:
            console().print(f"Order {order_id} was sent. See: {program()} order show {order_id}", soft_wrap=True)
        return
    if as_json:
        print_json(order_document(bought.order, bought.links))
    else:
        print_order(console(), bought.order, bought.links)
    if not bought.complete:
        raise Failure(code=ExitCode.FAILED)


def _answer(find: Callable[[Perennial], Awaitable[CartShown]], as_json: bool) -> None:
    shown = use(find)
    if as_json:
        print_json(cart_document(shown))
    else:
        print_cart(console(), shown)


async def _buy(
    perennial: Perennial, customer: str, cart: str | None, by: str, no_wait: bool
) -> tuple[str, BoughtOrder | None]:
    """The order's id, and its result; None with `--no-wait`, unless it was complete before."""
    try:
        sent = await perennial.carts.buy(customer, cart, by=by)
        if sent.bought is None:
            _print_sent(sent.request)
        if sent.bought is not None or no_wait:
            return sent.request.order_id, sent.bought
        with watched(sent.request.order_id) as watch:
            return sent.request.order_id, await perennial.orders.settled(sent.request, watch)
    except OrderUnanswered as error:
        again = f"{program()} cart buy --customer {customer} --cart {error.request.order_id}"
        said = line_of(error).removesuffix(".")
        raise Failure(f"{said}. The order {error.request.order_id} is kept. Continue it: {again}") from None


def _print_sent(request: OrderRequest) -> None:
    words = f"Order {request.order_id} was sent: {counted(len(request.lines), 'line')}."
    console(stderr=True).print(words, soft_wrap=True)
