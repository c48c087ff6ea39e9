"""The commands of `cart`: add, remove, show, review and buy (BUY-1 to BUY-3)."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any

from rich.text import Text
from typer import Argument, Option

from cli.buying.line import Buyer, LineOptions, typed_line, typed_role
from cli.buying.order import order_document, print_order, watched
from cli.buying.review_view import line_documents, print_review, review_document
from cli.failure import ExitCode, Failure
from cli.options import Address, By, Json, NoWait, OfferId, Timeout, an_order_id, positive_number, with_options
from cli.printing.screen import console, counted, moment, print_json, printable, quantity, say
from cli.printing.tables import print_columns
from cli.running import use
from cli.sent import Sent
from cli.start import program
from domain.ordering.cart import CartState
from domain.roles import DEFAULT_ACTOR
from domain.values import format_instant
from perennial.order.carts import CartShown
from perennial.order.orders import BoughtOrder, OrderUnanswered, check_buyer
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

    Example: cart add contoso-crm --customer fabrikam --quantity 3
    """
    wanted = typed_line(offer, line)
    _answer(lambda perennial: perennial.carts.add(customer, wanted), as_json)


def remove(number: LineNumber, customer: Buyer, as_json: Json = False) -> None:
    """Remove a line from the customer's cart.

    Example: cart remove 1 --customer fabrikam
    """
    _answer(lambda perennial: perennial.carts.remove(customer, number), as_json)


def show(customer: Buyer, as_json: Json = False) -> None:
    """Show the customer's cart, when it expires, and whether it has been reviewed.

    Example: cart show --customer fabrikam
    """
    _answer(lambda perennial: perennial.carts.show(customer), as_json)


def review(customer: Buyer, as_json: Json = False) -> None:
    """Review the customer's cart: eligibility, price, dates and charges of each line (BUY-2).

    It can be bought as reviewed. Any change of the cart or of its terms needs a new review.

    Example: cart review --customer fabrikam
    """
    reviewed = use(lambda perennial: perennial.carts.review(customer))
    if as_json:
        print_json(review_document(reviewed))
    else:
        print_review(reviewed)


@with_options
def buy(
    customer: Buyer,
    cart: CartId = None,
    by: By = DEFAULT_ACTOR,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Buy the customer's cart as it was reviewed (BUY-2).

    Each line succeeds or fails on its own. The same command again, also after a crash, continues the same order:
    lines that were bought stay bought, refused lines are tried again (BUY-3). Exit code 0 if all are bought.

    Example: cart buy --customer fabrikam
    """
    typed_role(by)
    order_id, bought = use(lambda perennial: _buy(perennial, customer, cart, by, no_wait, timeout), address)
    if bought is None:
        if as_json:
            print_json({"order_id": order_id})
        else:
            say(f"Order {order_id} was sent. See: {program()} order show {order_id}")
        return
    if as_json:
        print_json(order_document(bought.order, bought.links))
    else:
        print_order(bought.order, bought.links)
    if not bought.complete:
        raise Failure(code=ExitCode.FAILED)


def _answer(find: Callable[[Perennial], Awaitable[CartShown]], as_json: bool) -> None:
    shown = use(find)
    if as_json:
        print_json(_document(shown))
    else:
        _print(shown)


async def _buy(
    perennial: Perennial, customer: str, cart: str | None, by: str, no_wait: bool, timeout: int | None
) -> tuple[str, BoughtOrder | None]:
    """The order's id, and its result; None with `--no-wait`, unless it was complete before."""
    check_buyer(by)
    # The order has the cart's id: whatever cart is the newest later, this one is meant.
    order_id = cart or (await perennial.carts.show(customer)).cart.id

    async def send() -> BoughtOrder | None:
        sent = await perennial.carts.buy(customer, order_id, by=by)
        if sent.bought is None:
            say(f"Order {order_id} was sent: {counted(len(sent.request.lines), 'line')}.", stderr=True)
        if sent.bought is not None or no_wait:
            return sent.bought
        with watched(order_id) as watch:
            return await perennial.orders.settled(sent.request, watch)

    return order_id, await Sent(order_id, "--cart", timeout, OrderUnanswered).answered(send)


def _document(shown: CartShown) -> dict[str, Any]:
    cart = shown.cart
    return {
        "cart_id": cart.id,
        "customer": cart.customer,
        "state": cart.state(shown.at).value,
        "created_at": format_instant(cart.created_at),
        "expires_at": format_instant(cart.expires_at),
        "ordered_at": format_instant(cart.ordered_at) if cart.ordered_at else None,
        "reviewed": cart.reviewed is not None,
        "lines": line_documents(cart.lines, shown.offer_names),
    }


def _print(shown: CartShown) -> None:
    cart = shown.cart
    say(Text(f"{printable(shown.customer.name)} ({cart.customer}), cart {cart.id}", style="bold"))
    say("")
    if cart.lines:
        headings = ("LINE", "QUANTITY", "OFFER", "NAME")
        print_columns(console(), headings, list(_rows(shown)), right=("LINE", "QUANTITY"))
        say("")
    for words in _state(shown):
        say(words)


def _rows(shown: CartShown) -> Iterator[tuple[str, str, str, str]]:
    """One row per line, with its add-ons below it."""
    for number, line in enumerate(shown.cart.lines, start=1):
        policy = f" under {line.policy}" if line.policy else ""
        name = printable(shown.offer_names.get(line.offer, "not in the catalog"))
        yield str(number), quantity(line.quantity), line.offer, f"{name}{policy}"
        for add_on, many in line.add_ons.items():
            yield "", quantity(many), f"  + {add_on}", ""


def _state(shown: CartShown) -> Iterator[str]:
    """The cart's state, then the next command."""
    cart = shown.cart
    customer = f"--customer {cart.customer}"
    until = f"{moment(cart.expires_at)}"
    match cart.state(shown.at):
        case CartState.ORDERED:
            yield f"Ordered {moment(cart.ordered_at)}: the order has the cart's id."
            yield f"See: {program()} order show {cart.id}"
        case CartState.EXPIRED:
            yield f"Expired {until}, seven days after it was created (BUY-1)."
            yield f"Start a new one: {program()} cart add OFFER {customer}"
        case CartState.OPEN if not cart.lines:
            yield f"Empty, and open until {until}."
            yield f"Add a line: {program()} cart add OFFER {customer}"
        case CartState.OPEN if cart.reviewed is None:
            yield f"Open until {until}; not reviewed since its last change."
            yield f"Review it: {program()} cart review {customer}"
        case CartState.OPEN:
            yield f"Open until {until}; reviewed."
            yield f"Buy it: {program()} cart buy {customer}"
