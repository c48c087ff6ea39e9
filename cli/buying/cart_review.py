"""`cart review`: what each line comes to before it is bought, as the core itself decides it (BUY-2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.options import Buyer, Json

if TYPE_CHECKING:
    from datetime import datetime

    from domain.catalog.customers import Customer
    from domain.ordering.cart import Cart
    from perennial.sources.books import Books
    from statemachines.subscription.review import LineReview


@dataclass(frozen=True)
class Reviewed:
    """A cart with the review of its lines as of an instant."""

    cart: Cart
    customer: Customer
    lines: tuple[LineReview, ...]
    at: datetime

    @property
    def terms(self) -> tuple[str | None, ...]:
        """What a purchase confirms of each line."""
        return tuple(line.terms for line in self.lines)


def review(customer: Buyer, as_json: Json = False) -> None:
    """Review the customer's cart: eligibility, price, dates and money of each line (BUY-2).

    It can be bought as it was reviewed; any change of the cart or of its terms needs a new review.
    """
    from cli.books import opened_books
    from cli.buying.review_document import review_document
    from cli.buying.review_sheet import print_review
    from cli.printing.screen import console, print_json
    from cli.running import run

    async def reviewed() -> Reviewed:
        from cli.buying.cart import cart_of

        async with opened_books() as books:
            buyer = await books.buyer(customer)
            shown = await reviewed_now(books, await cart_of(books, customer), buyer)
            await books.carts.update(
                shown.cart.id, lambda cart: cart.as_reviewed(shown.cart.lines, shown.terms, shown.at)
            )
            return shown

    shown = run(reviewed())
    if as_json:
        print_json(review_document(shown))
    else:
        print_review(console(), shown)


async def reviewed_now(books: Books, cart: Cart, customer: Customer) -> Reviewed:
    """The cart's lines as if they were bought now; nothing is stored."""
    from activities.wall_clock import wall_clock
    from statemachines.subscription.review import review as review_of

    wanted = list({line.offer for line in cart.lines})
    offers = await books.catalog.offers(wanted)
    holdings = await books.holdings.holdings(customer.id, wanted)
    version = await books.catalog.version()
    at = wall_clock()
    lines = review_of(
        cart.lines,
        offers,
        customer,
        holdings,
        version.number if version else 0,
        at,
        order_id=cart.id,
        by="admin_agent",
    )
    return Reviewed(cart, customer, tuple(lines), at)
