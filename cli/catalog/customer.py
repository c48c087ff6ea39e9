"""`customer list` and `customer show`: who can buy, through whom, and what they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from cli.options import Json, positive_number, some_id

if TYPE_CHECKING:
    from domain.catalog.customers import Customer, Partner
    from domain.subscription.events import State


@dataclass(frozen=True)
class Shown:
    """A customer, its partner, and how many subscriptions it has in each state."""

    customer: Customer
    partner: Partner | None
    subscriptions: dict[State, int]


def list_customers(
    partner: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Those of this partner.", show_default="all")
    ] = None,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most so many.")] = 50,
    after: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Those after this customer.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List customers in the order of their ids."""
    from cli.catalog.catalog import SAMPLE
    from cli.printing.screen import console, day, print_json, printable
    from cli.printing.tables import print_columns
    from cli.running import run

    found = run(_page(partner, limit + 1, after))
    more, rows = len(found) > limit, found[:limit]
    if as_json:
        print_json([customer.model_dump(mode="json") for customer in rows])
    elif not rows:
        all_of_them = partner is None and after is None
        next_step = f"Customers come with the catalog: {SAMPLE}" if all_of_them else "See all: starter.py customer list"
        console().print(f"No such customer. {next_step}", soft_wrap=True)
    else:
        lines = [(c.id, printable(c.name), c.partner, c.country, c.segment, day(c.account_opened)) for c in rows]
        print_columns(console(), ("ID", "NAME", "PARTNER", "COUNTRY", "SEGMENT", "ACCOUNT SINCE"), lines)
    if more:
        console(stderr=True).print(f"There are more: --after {rows[-1].id}", soft_wrap=True)


def show_customer(
    customer: Annotated[
        str, Argument(metavar="CUSTOMER", parser=some_id, help="The customer, as `customer list` shows it.")
    ],
    as_json: Json = False,
) -> None:
    """Show a customer's record, and how many subscriptions it has."""
    from rich.text import Text

    from cli.printing.screen import console, print_json, printable
    from cli.running import run

    shown = run(_look(customer))
    if as_json:
        print_json(_document(shown))
        return
    screen = console()
    heading = f"{shown.customer.id}  {shown.customer.name}"
    screen.print(Text(printable(heading), style="bold"), soft_wrap=True)
    for label, text in _facts(shown):
        screen.print(Text.assemble((f"  {label:<11}", "dim"), printable(text)), soft_wrap=True)


async def _page(partner: str | None, limit: int, after: str | None) -> list[Customer]:
    from cli.books import opened_books

    async with opened_books() as books:
        return await books.catalog.customers(partner=partner, limit=limit, after=after)


async def _look(customer_id: str) -> Shown:
    from cli.books import opened_books

    async with opened_books() as books:
        customer = await books.buyer(customer_id)
        partner = await books.catalog.partner(customer.partner)
        return Shown(customer, partner, await books.catalog.subscriptions_of(customer_id))


def _document(shown: Shown) -> dict[str, Any]:
    return shown.customer.model_dump(mode="json") | {
        "partner_name": shown.partner.name if shown.partner else None,
        "subscriptions": {state.value: count for state, count in shown.subscriptions.items()},
    }


def _facts(shown: Shown) -> Iterator[tuple[str, str]]:
    from cli.printing.screen import second

    customer = shown.customer
    yield "partner", f"{customer.partner}, {shown.partner.name}" if shown.partner else customer.partner
    yield "country", customer.country
    yield "segment", customer.segment
    yield "account", f"opened {second(customer.account_opened)} UTC"
    counts = ", ".join(f"{count:,} {state}" for state, count in shown.subscriptions.items())
    yield "has", counts or "no subscription yet"
    if counts:
        yield "", f"see: starter.py list --customer {customer.id}"
    yield "can buy", f"starter.py catalog list --customer {customer.id}"
