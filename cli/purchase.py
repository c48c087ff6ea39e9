"""`buy`: one line of an order becomes a subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

from pydantic import ValidationError
from typer import Argument, Option

from cli.failure import Failure, Misused, misused
from cli.option_groups import with_options
from cli.options import Address, By, Json, an_instant, some_id, whole_number
from domain.faults import faults_of, shown
from domain.order import Order
from domain.policy import DEFAULT_PACK, PACKS

if TYPE_CHECKING:
    from cli.catalog import CatalogOffer, Customer
    from domain.subscription import Subscription
    from workflows.messages import Details


@dataclass(frozen=True)
class Purchase:
    """What a purchase takes beside the offer."""

    customer: Annotated[str, Option(parser=some_id, metavar="ID", help="Who buys; scenarios/catalog.yaml has some.")]
    quantity: Annotated[int, Option(parser=whole_number, metavar="N", help="How many licences.")] = 1
    add_on: Annotated[list[str] | None, Option(metavar="ID=N", help="An add-on and how many; again for others.")] = None
    policy: Annotated[str, Option(metavar="PACK", help=f"The terms: {', '.join(PACKS)}.")] = DEFAULT_PACK
    id: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="The subscription's id.", show_default="a new one")
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
def buy(
    offer: Annotated[str, Argument(metavar="OFFER", parser=some_id, help="One of scenarios/catalog.yaml.")],
    purchase: Purchase,
) -> None:
    """Buy an offer: its trial, set-up or term begins (BUY-4).

    An offer that is sold once to a customer, and a trial, are claimed first (ELG-1, TRI-4).
    """
    from cli import catalog
    from cli.details import print_living
    from cli.rule_words import words_of
    from cli.running import run
    from cli.screen import console, print_json
    from domain.eligibility import refusal

    sold = catalog.load()
    wanted, customer = sold.offer(offer), sold.customer(purchase.customer)
    order = _order(wanted, customer, purchase)
    if denied := refusal(order):
        raise Failure(f"refused by {denied.rule} ({words_of(denied.rule)}): {denied.message}")
    bought = run(_buy(order, wanted, purchase))
    if purchase.as_json:
        print_json(bought[0].model_dump(mode="json") if bought else {"subscription_id": order.subscription_id})
    elif bought:
        print_living(*bought)
    else:
        console().print(f"{order.subscription_id} is ordered. See: starter.py show {order.subscription_id}")


def _order(offer: CatalogOffer, customer: Customer, purchase: Purchase) -> Order:
    at = purchase.test_clock or datetime.now(UTC)
    try:
        order = Order(
            subscription_id=purchase.id or f"{offer.id[:50]}-{uuid4().hex[:10]}",
            customer=customer.id,
            offer=offer.sold(),
            at=at,
            quantity=purchase.quantity,
            add_ons=_add_ons(purchase.add_on or []),
            policy=purchase.policy,
            account_opened=customer.account_opened,
            by=purchase.by,
        )
    except ValidationError as error:
        raise misused(faults_of(error)) from None
    if lines := [f"{path[0]}: got {shown(got)}; takes {takes}" for path, got, takes in order.faults()]:
        raise Misused(*lines)
    return order


def _add_ons(typed: list[str]) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for text in typed:
        name, separator, number = text.partition("=")
        if not (separator and name and number.isdecimal() and number.isascii() and len(number) < 19):
            raise Misused(f"--add-on: got {shown(text)}; takes an add-on's id and how many, such as backup=2.")
        if name in wanted:
            raise Misused(f"--add-on: got {shown(name)} twice; takes each add-on once.")
        wanted[name] = int(number)
    return wanted


async def _buy(order: Order, offer: CatalogOffer, purchase: Purchase) -> tuple[Details, Subscription] | None:
    from activities.errors import ClaimTaken
    from activities.settings import Settings
    from cli.books import opened_books
    from cli.server import connected
    from domain.eligibility import claims
    from workflows.client import AlreadyBought, NotAnswered
    from workflows.messages import TestClock

    server = await connected(purchase.address)
    async with opened_books() as books:
        if await books.reader.listed(order.subscription_id):
            raise AlreadyBought(f"subscription {order.subscription_id} exists already; choose another id")
        for claim in claims(order, one_per_customer=offer.one_per_customer):
            try:
                await books.claims.take(order.subscription_id, [claim.key], permanent=claim.permanent)
            except ClaimTaken as taken:
                words = f"{claim.taken} (subscription {taken.holder})"
                raise Failure(f"refused by {claim.rule}: {words}. {claim.next_step}") from None
    clock = TestClock.ahead_by(purchase.test_clock - datetime.now(UTC)) if purchase.test_clock else None
    try:
        await server.buy(order, clock=clock, periods_per_run=Settings.load().periods_per_run)
    except NotAnswered as error:
        # Its claims are taken: the same id goes on where this one stopped.
        raise Failure(f"{error} Buy it again with --id {order.subscription_id}: it is bought once.") from None
    if purchase.no_wait:
        return None
    details = await server.committed(order.subscription_id, 1)
    return details, (await server.life(order.subscription_id)).subscription
