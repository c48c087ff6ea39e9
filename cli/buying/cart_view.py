"""A cart as JSON and as text."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.printing.screen import printable, quantity, second
from cli.printing.tables import print_columns
from cli.start import program
from domain.ordering.cart import CartState
from domain.ordering.lines import Line
from domain.values import format_instant
from perennial.order.carts import CartShown


def cart_document(shown: CartShown) -> dict[str, Any]:
    """Return what `--json` prints of a cart."""
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


def line_documents(lines: Iterable[Line], offer_names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what `--json` prints of the lines of a cart or a review. An unknown offer has no name."""
    return [
        {
            "number": number,
            "offer": line.offer,
            "name": offer_names.get(line.offer),
            "quantity": line.quantity,
            "add_ons": dict(line.add_ons),
            "policy": line.policy,
        }
        for number, line in enumerate(lines, start=1)
    ]


def print_cart(screen: Console, shown: CartShown) -> None:
    """Print the cart's lines, its state and the next command."""
    cart = shown.cart
    heading = f"{printable(shown.customer.name)} ({cart.customer}), cart {cart.id}"
    screen.print(Text(heading, style="bold"), soft_wrap=True)
    screen.print()
    if cart.lines:
        print_columns(screen, ("LINE", "QUANTITY", "OFFER", "NAME"), list(_rows(shown)), right=("LINE", "QUANTITY"))
        screen.print()
    for words in _state(shown):
        screen.print(words, soft_wrap=True)


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
    until = f"{second(cart.expires_at)} UTC"
    match cart.state(shown.at):
        case CartState.ORDERED:
            yield f"Ordered {second(cart.ordered_at)} UTC: the order has the cart's id."
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
