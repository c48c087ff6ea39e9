"""`cart add`, `cart remove` and `cart show`: the lines that a seller collects for a customer (BUY-1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from typer import Argument

from cli.buying.line import LineOptions, typed_line
from cli.options import Buyer, Json, OfferId, positive_number, with_options

if TYPE_CHECKING:
    from datetime import datetime

    from domain.ordering.cart import Cart
    from domain.ordering.lines import Line
    from perennial.sources.books import Books


T = TypeVar("T")


@dataclass(frozen=True)
class Shown:
    """A cart at an instant, with the names of what is in it."""

    cart: Cart
    customer: str
    offers: dict[str, str]
    now: datetime


@with_options
def add(offer: OfferId, customer: Buyer, line: LineOptions, as_json: Json = False) -> None:
    """Put an offer into the customer's cart, or into a new one (BUY-1).

    An offer, a quantity or an add-on that there is not is refused at once. Whether this customer can buy it,
    and on which terms, the review shows.
    """
    from activities.wall_clock import wall_clock
    from cli.buying.line import check_sold

    wanted = typed_line(offer, line)

    async def put(books: Books) -> Cart:
        await check_sold(books, wanted)
        new_id = f"{customer[:40]}-{token_hex(4)}"
        return await books.carts.add(customer, new_id, wanted, wall_clock())

    _answer(customer, put, as_json)


def remove(
    number: Annotated[int, Argument(metavar="LINE", parser=positive_number, help="Its number, as `cart show` has it.")],
    customer: Buyer,
    as_json: Json = False,
) -> None:
    """Take a line out of the customer's cart."""
    from activities.wall_clock import wall_clock

    async def take(books: Books) -> Cart:
        cart = await cart_of(books, customer)
        return await books.carts.update(cart.id, lambda found: found.removing(number, wall_clock()))

    _answer(customer, take, as_json)


def show(customer: Buyer, as_json: Json = False) -> None:
    """Show the customer's cart, until when it can be bought, and whether it is reviewed as it is."""
    _answer(customer, lambda books: cart_of(books, customer), as_json)


async def cart_of(books: Books, customer_id: str, cart_id: str | None = None) -> Cart:
    """The customer's newest cart, or the one of that id. Raises Failure where there is none."""
    from cli.failure import Failure

    cart = await (books.carts.cart(cart_id) if cart_id else books.carts.latest(customer_id))
    if cart_id and (cart is None or cart.customer != customer_id):
        raise Failure(f"{customer_id} has no cart {cart_id}; see: starter.py order list --customer {customer_id}")
    if cart is None:
        begin = f"starter.py cart add OFFER --customer {customer_id}"
        raise Failure(f"{customer_id} has no cart. Begin one: {begin}")
    return cart


def numbered(lines: Iterable[Line], offers: dict[str, str]) -> list[dict[str, Any]]:
    """The lines as `--json` prints them; an offer that the catalog does not know has no name."""
    return [
        {
            "number": number,
            "offer": line.offer,
            "name": offers.get(line.offer),
            "quantity": line.quantity,
            "add_ons": dict(line.add_ons),
            "policy": line.policy,
        }
        for number, line in enumerate(lines, start=1)
    ]


def _answer(customer: str, find: Callable[[Books], Awaitable[Cart]], as_json: bool) -> None:
    from activities.wall_clock import wall_clock
    from cli.books import opened_books
    from cli.printing.screen import print_json
    from cli.running import run

    async def look() -> Shown:
        async with opened_books() as books:
            buyer = await books.buyer(customer)
            cart = await find(books)
            offers = await books.catalog.offers([line.offer for line in cart.lines])
            return Shown(cart, buyer.name, {key: offer.name for key, offer in offers.items()}, wall_clock())

    shown = run(look())
    if as_json:
        print_json(_document(shown))
    else:
        _print(shown)


def _state(shown: Shown) -> str:
    if shown.cart.ordered_at:
        return "ordered"
    return "expired" if shown.cart.expired(shown.now) else "open"


def _document(shown: Shown) -> dict[str, Any]:
    from domain.values import format_instant

    cart = shown.cart
    return {
        "cart_id": cart.id,
        "customer": cart.customer,
        "state": _state(shown),
        "created_at": format_instant(cart.created_at),
        "expires_at": format_instant(cart.expires_at),
        "ordered_at": format_instant(cart.ordered_at) if cart.ordered_at else None,
        "reviewed": cart.reviewed is not None,
        "lines": numbered(cart.lines, shown.offers),
    }


def _print(shown: Shown) -> None:
    from rich.text import Text

    from cli.printing.screen import console, printable
    from cli.printing.tables import print_columns

    screen = console()
    cart = shown.cart
    heading = f"{printable(shown.customer)} ({cart.customer}), cart {cart.id}"
    screen.print(Text(heading, style="bold"), soft_wrap=True)
    screen.print()
    if cart.lines:
        print_columns(screen, ("LINE", "QUANTITY", "OFFER", "NAME"), list(_rows(shown)), right=("LINE", "QUANTITY"))
        screen.print()
    for words in _next(shown):
        screen.print(words, soft_wrap=True)


def _rows(shown: Shown) -> Iterator[tuple[str, str, str, str]]:
    """A row for each line, its add-ons nested under it."""
    from cli.printing.screen import printable, quantity

    for number, line in enumerate(shown.cart.lines, start=1):
        policy = f" under {line.policy}" if line.policy else ""
        name = printable(shown.offers.get(line.offer, "not in the catalog"))
        yield str(number), quantity(line.quantity), line.offer, f"{name}{policy}"
        for add_on, many in line.add_ons.items():
            yield "", quantity(many), f"  + {add_on}", ""


def _next(shown: Shown) -> Iterator[str]:
    """Where the cart stands, and the next step."""
    from cli.printing.screen import second

    cart = shown.cart
    about = f"--customer {cart.customer}"
    until = f"{second(cart.expires_at)} UTC"
    if cart.ordered_at:
        yield f"Ordered {second(cart.ordered_at)} UTC: the order has the cart's id."
        yield f"See: starter.py order show {cart.id}"
    elif cart.expired(shown.now):
        yield f"Expired {until}, seven days after it was begun (BUY-1)."
        yield f"Begin a new one: starter.py cart add OFFER {about}"
    elif not cart.lines:
        yield f"Empty, and open until {until}."
        yield f"Add a line: starter.py cart add OFFER {about}"
    elif cart.reviewed is None:
        yield f"Open until {until}; not reviewed as it is now."
        yield f"Review it: starter.py cart review {about}"
    else:
        yield f"Open until {until}; reviewed as it is now."
        yield f"Buy it: starter.py cart buy {about}"
