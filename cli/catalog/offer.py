"""`catalog show`: everything of one offer, and whether a customer can buy it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from cli.options import Json, OfferId, some_id

if TYPE_CHECKING:
    from datetime import datetime

    from domain.catalog.catalog import ListedOffer
    from domain.catalog.customers import Customer
    from domain.ordering.eligibility import Refusal

COUNTRIES_SHOWN = 20
Whom = Annotated[
    str | None, Option("--customer", parser=some_id, metavar="ID", help="Can this customer buy it?", show_default=False)
]


@dataclass(frozen=True)
class Shown:
    """An offer at an instant; with a customer, why that one cannot buy it, and who had the one trial (TRI-4)."""

    offer: ListedOffer
    now: datetime
    customer: Customer | None = None
    refusals: tuple[Refusal, ...] = ()
    trial_of: str | None = None


def show_offer(offer: OfferId, customer: Whom = None, as_json: Json = False) -> None:
    """Show an offer: its prices now and later, add-ons, to whom and where it is sold.

    With a customer, whether that one can buy it now, and if not, every rule that says no (ELG-9).
    """
    from cli.printing.screen import print_json
    from cli.running import run

    shown = run(_look(offer, customer))
    if as_json:
        print_json(_document(shown))
    else:
        _print(shown)


async def _look(offer_id: str, customer_id: str | None) -> Shown:
    from activities.wall_clock import wall_clock
    from cli.books import opened_books
    from cli.catalog.catalog import EMPTY
    from cli.failure import Failure
    from domain.ordering.eligibility import listing_refusals

    now = wall_clock()
    async with opened_books() as books:
        if await books.catalog.version() is None:
            raise Failure(EMPTY)
        offer = await books.sold(offer_id)
        if customer_id is None:
            return Shown(offer, now)
        customer = await books.buyer(customer_id)
        holding = (await books.holdings.holdings(customer.id, [offer.id]))[offer.id]
    refusals = listing_refusals(offer, customer, holding)
    return Shown(offer, now, customer, refusals, holding.trial_of if offer.trial_days else None)


def _document(shown: Shown) -> dict[str, Any]:
    document = shown.offer.model_dump(mode="json") | {"price_now": f"{shown.offer.price_at(shown.now):f}"}
    if shown.customer:
        document["available"] = not shown.refusals
        document["refusals"] = [refusal.model_dump(mode="json") for refusal in shown.refusals]
        document["trial_of"] = shown.trial_of
    return document


def _print(shown: Shown) -> None:
    from rich.text import Text

    from cli.printing.screen import console, printable

    screen = console()
    heading = f"{shown.offer.id}  {shown.offer.name}"
    screen.print(Text(printable(heading), style="bold"), soft_wrap=True)
    for label, text in (*_facts(shown.offer), *_prices(shown.offer, shown.now), *_sold(shown.offer), *_verdict(shown)):
        screen.print(Text.assemble((f"  {label:<11}", "dim"), printable(text)), soft_wrap=True)


def _facts(offer: ListedOffer) -> Iterator[tuple[str, str]]:
    from cli.printing.screen import quantity

    by = f"{offer.publisher}, {offer.vendor}" if offer.vendor else offer.publisher
    yield "publisher", by
    yield "type", f"{offer.billing_type}, {offer.category}"
    yield "term", f"{offer.term}, billed {offer.billing_plan}"
    if not offer.metered:
        yield "quantity", f"{quantity(offer.min_quantity)} to {quantity(offer.max_quantity)}"
    yield "trial", f"{offer.trial_days} days, free" if offer.trial_days else "none"
    yield "set-up", f"by the publisher, at {offer.setup_url}" if offer.setup_url else "none: it begins at once"
    yield "policy", offer.policy


def _prices(offer: ListedOffer, now: datetime) -> Iterator[tuple[str, str]]:
    from cli.printing.screen import amount, instant

    unit = "a unit used" if offer.metered else "a unit"
    yield "price", f"{offer.currency} {amount(offer.price_at(now))} {unit}"
    if any(price.at <= now for price in offer.prices):
        yield "", f"at first {offer.currency} {amount(offer.unit_price)}"
    for price in offer.prices:
        began = "since" if price.at <= now else "from"
        yield "", f"{began} {instant(price.at)} UTC {offer.currency} {amount(price.unit_price)}"
    for add_on in offer.add_ons:
        yield "add-on", f"{add_on.id}, {offer.currency} {amount(add_on.unit_price)} a unit"


def _sold(offer: ListedOffer) -> Iterator[tuple[str, str]]:
    from domain.catalog.customers import Segment
    from domain.catalog.importing import in_words

    everybody = set(offer.segments) == set(Segment)
    yield "sold to", "all segments" if everybody else f"{in_words(offer.segments)} customers only (ELG-8)"
    if offer.countries is not None:
        yield "", f"customers in {_listed(offer.countries)} only (ELG-3)"
    if offer.one_per_customer:
        yield "", "a customer can have it once (ELG-1)"
    if offer.exclusive_to:
        yield "sold by", f"{_listed(offer.exclusive_to)} only (ELG-5)"
    if not offer.in_programme:
        yield "sold by", "its publisher only: it is not in the programme (ELG-4)"
    if not offer.transactable:
        yield "not sold", "it cannot be bought here (ELG-6)"
    if offer.marketplace and offer.metered:
        yield "not sold", "of an ISV only licences are sold here (ELG-7)"


def _listed(words: tuple[str, ...]) -> str:
    more = f" and {len(words) - COUNTRIES_SHOWN:,} more" if len(words) > COUNTRIES_SHOWN else ""
    return ", ".join(words[:COUNTRIES_SHOWN]) + more


def _verdict(shown: Shown) -> Iterator[tuple[str, str]]:
    from cli.catalog.listing import told

    if shown.customer is None:
        return
    name = shown.customer.name
    if not shown.refusals:
        yield "customer", f"{name} can buy it now: starter.py cart add {shown.offer.id} --customer {shown.customer.id}"
        if shown.trial_of:
            yield "", f"without its trial, which was used by {shown.trial_of} (TRI-4)"
        return
    yield "customer", f"{name} cannot buy it:"
    for refusal in shown.refusals:
        yield "", told(refusal)
