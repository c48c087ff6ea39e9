"""`buy`: an order of one line, in one command."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

from typer import Option

from cli.buying.line import LineOptions
from cli.options import Address, Buyer, By, Json, OfferId, an_instant, an_order_id, with_options

if TYPE_CHECKING:
    from activities.orders.contracts import OrderLine
    from domain.ordering.lines import OrderRequest
    from domain.ordering.setup_link import SetupLink
    from perennial.sources.books import Books
    from workflows.order.client import OrderClient


@dataclass(frozen=True)
class Purchase(LineOptions):
    """What a purchase takes beside offer and customer."""

    id: Annotated[
        str | None, Option(parser=an_order_id, metavar="ID", help="The subscription's id.", show_default="a new one")
    ] = None
    by: By = "admin_agent"
    test_clock: Annotated[
        datetime | None,
        Option(parser=an_instant, metavar="INSTANT", help="Live as if it were then, now.", show_default=False),
    ] = None
    no_wait: Annotated[bool, Option("--no-wait", help="Do not wait until it is in the books and provisioned.")] = False
    address: Address = None
    as_json: Json = False


@with_options
def buy(offer: OfferId, customer: Buyer, purchase: Purchase) -> None:
    """Buy an offer: its trial, set-up or term begins (BUY-4).

    It is an order of one line under the subscription's id: sent again it is bought once (BUY-3). For several
    lines, and to see dates and prices first, fill a cart.
    """
    from cli.buying.line import check_role, typed_line
    from cli.running import run

    subscription = purchase.id or f"{offer[:45]}-{uuid4().hex[:10]}"
    line = typed_line(offer, purchase, subscription_id=subscription)
    check_role(purchase.by)
    found = run(_buy(_request(subscription, customer, line, purchase.by), purchase))
    if found is None:
        _print_sent(subscription, as_json=purchase.as_json)
    else:
        _print(*found, as_json=purchase.as_json)


def _request(subscription: str, customer: str, line: Any, by: str) -> OrderRequest:
    from domain.ordering.lines import OrderRequest

    return OrderRequest(order_id=subscription, customer=customer, lines=(line,), by=by)


async def _buy(request: OrderRequest, purchase: Purchase) -> tuple[OrderLine, Any, SetupLink | None] | None:
    from cli import server
    from cli.books import opened_books
    from cli.buying.line import check_sold
    from cli.failure import Failure
    from workflows.calls.errors import NotAnswered

    client = await server.client(purchase.address)
    async with opened_books() as books:
        await books.buyer(request.customer)
        await check_sold(books, request.lines[0])
        try:
            return await _bought(books, server.orders(client), request, purchase)
        except NotAnswered as error:
            # It may be taken: the same id goes on where this one stopped.
            raise Failure(f"{error} Buy it again with --id {request.order_id}: it is bought once.") from None


async def _bought(
    books: Books, orders: OrderClient, request: OrderRequest, purchase: Purchase
) -> tuple[OrderLine, Any, SetupLink | None] | None:
    from activities.orders.contracts import LineStatus
    from cli.buying.ordering import send, setup_links
    from cli.opening import opened_perennial
    from cli.server import connected
    from workflows.calls.errors import NotFound

    await send(orders, request, _clock(purchase.test_clock))
    if purchase.no_wait:
        return None
    order = await orders.settled(request.order_id)
    (line,) = order.lines
    if line.status is not LineStatus.BOUGHT:
        return line, None, None
    # Bought before, it may have ended so long ago that the server has let go of it.
    with contextlib.suppress(NotFound):
        await (await connected(purchase.address)).committed(line.subscription_id, 1)
    links = await setup_links(books, order)
    async with opened_perennial(purchase.address) as perennial:
        found = await perennial.subscriptions.show(line.subscription_id)
    return line, found, links.get(line.subscription_id)


def _clock(begins: datetime | None) -> Any:
    from activities.wall_clock import wall_clock
    from workflows.durable.test_clock import TestClock

    return TestClock.ahead_by(begins - wall_clock()) if begins else None


def _print_sent(subscription: str, *, as_json: bool) -> None:
    from cli.printing.screen import console, print_json

    if as_json:
        print_json({"subscription_id": subscription})
    else:
        console().print(f"{subscription} is ordered. See: starter.py order show {subscription}", soft_wrap=True)


def _print(line: OrderLine, found: Any, link: SetupLink | None, *, as_json: bool) -> None:
    """The subscription as `show` has it, and where it is set up; a refusal ends the command with exit code 1."""
    from cli.buying.setup_link import print_link
    from cli.failure import Failure
    from cli.printing.screen import console, print_json
    from cli.subscription.details import document, print_found

    if found is None:
        if as_json:
            print_json(line.model_dump(mode="json"))
        raise Failure(*([] if as_json else [_why_not(line)]))
    if as_json:
        print_json({**document(found), **({"setup_link": link.model_dump(mode="json")} if link else {})})
        return
    print_found(found)
    if link:
        console().print()
        print_link(link)


def _why_not(line: OrderLine) -> str:
    from cli.printing.rule_words import refused_by

    if line.refusal:
        return refused_by(line.refusal.rule, str(line.refusal))
    return f"{line.subscription_id} stopped, and can be bought again with its --id: {line.error}"
