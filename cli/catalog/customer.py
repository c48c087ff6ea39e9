"""`customer list` and `customer show`: customers, their partners, and how many subscriptions they have."""

from collections.abc import Iterator
from typing import Annotated

from typer import Argument, Option

from cli.options import Json, positive_number, some_id
from cli.printing.screen import console, day, moment, print_facts, print_json, printable, say
from cli.printing.tables import print_columns
from cli.running import use
from cli.samples import sample_catalog
from cli.start import program
from perennial.account.parties import buyer_of
from perennial.catalog.customers import CustomerDetails


def list_customers(
    partner: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Only this partner's.", show_default="all")
    ] = None,
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many.")] = 50,
    after: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Only those after this customer.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List customers in the order of their ids.

    Example: customer list --partner northwind
    """
    page = use(lambda perennial: perennial.customers.list(partner, limit=limit, after=after))
    found = page.customers
    if as_json:
        print_json([customer.model_dump(mode="json") for customer in found])
    elif not found and partner is None and after is None:
        sample = f"{program()} catalog import {sample_catalog()}"
        say(f"No customers yet. They are imported with the catalog: {sample}")
    elif not found:
        say(f"No customer matches. See all: {program()} customer list")
    else:
        rows = [(c.id, printable(c.name), c.partner, c.country, c.segment, day(c.account_opened)) for c in found]
        print_columns(console(), ("ID", "NAME", "PARTNER", "COUNTRY", "SEGMENT", "ACCOUNT SINCE"), rows)
    if page.more:
        say(f"There are more: --after {found[-1].id}", stderr=True)


def show_customer(
    customer: Annotated[
        str, Argument(metavar="CUSTOMER", parser=some_id, help="The customer, as `customer list` shows it.")
    ],
    as_json: Json = False,
) -> None:
    """Show a customer's record, and how many subscriptions it has.

    Example: customer show fabrikam
    """
    shown = use(lambda perennial: perennial.customers.show(customer))
    if as_json:
        partner = {"partner_name": shown.partner.name if shown.partner else None}
        print_json(shown.customer.model_dump(mode="json") | partner | {"subscriptions": shown.subscriptions})
    else:
        print_facts(_facts(shown), heading=f"{shown.customer.id}  {shown.customer.name}")


def _facts(shown: CustomerDetails) -> Iterator[tuple[str, str]]:
    customer = shown.customer
    yield "partner", f"{customer.partner}, {shown.partner.name}" if shown.partner else customer.partner
    yield "country", customer.country
    yield "segment", customer.segment
    if lines := buyer_of(customer, customer.id).address:
        yield "address", ", ".join(lines)
    for name, value in (("tax id", customer.tax_id), ("reference", customer.reference)):
        if value:
            yield name, value
    yield "account", f"opened {moment(customer.account_opened)}"
    counts = ", ".join(f"{count:,} {state}" for state, count in shown.subscriptions.items())
    yield "has", counts or "no subscriptions yet"
    if counts:
        yield "", f"see: {program()} list --customer {customer.id}"
    yield "can buy", f"{program()} catalog list --customer {customer.id}"
