"""`catalog show`: one offer, and whether a customer can buy it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from rich.console import Console
from rich.text import Text
from typer import Option

from cli.catalog.listing import explained
from cli.options import Json, OfferId, some_id
from cli.printing.screen import amount, console, instant, print_json, printable, quantity
from cli.running import use
from cli.start import program
from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Segment
from domain.catalog.importing import in_words
from perennial.catalog.browsing import OfferDetails

COUNTRIES_SHOWN = 20
Whom = Annotated[
    str | None,
    Option("--customer", parser=some_id, metavar="ID", help="Can this customer buy it now?", show_default=False),
]


def show_offer(offer: OfferId, customer: Whom = None, as_json: Json = False) -> None:
    """Show an offer: its prices now and later, its add-ons, and to whom and where it is sold.

    With a customer, also whether it can buy the offer now, and if not, every rule that refuses it (ELG-9).
    """
    details = use(lambda perennial: perennial.catalog.offer(offer, customer))
    if as_json:
        print_json(_document(details))
    else:
        _print(console(), details)


def _document(details: OfferDetails) -> dict[str, Any]:
    shown = details.shown
    document = shown.offer.model_dump(mode="json") | {"price_now": f"{shown.offer.price_at(details.at):f}"}
    if details.customer:
        document["available"] = not shown.refusals
        document["refusals"] = [refusal.model_dump(mode="json") for refusal in shown.refusals]
        document["trial_of"] = shown.trial_of
    return document


def _print(screen: Console, details: OfferDetails) -> None:
    offer = details.shown.offer
    screen.print(Text(printable(f"{offer.id}  {offer.name}"), style="bold"), soft_wrap=True)
    for label, text in (*_facts(offer), *_prices(offer, details.at), *_sold(offer), *_verdict(details)):
        screen.print(Text.assemble((f"  {label:<11}", "dim"), printable(text)), soft_wrap=True)


def _facts(offer: ListedOffer) -> Iterator[tuple[str, str]]:
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
    unit = "per unit used" if offer.metered else "per unit"
    yield "price", f"{offer.currency} {amount(offer.price_at(now))} {unit}"
    if any(price.at <= now for price in offer.prices):
        yield "", f"at first {offer.currency} {amount(offer.unit_price)}"
    for price in offer.prices:
        began = "since" if price.at <= now else "from"
        yield "", f"{began} {instant(price.at)} UTC {offer.currency} {amount(price.unit_price)}"
    for add_on in offer.add_ons:
        yield "add-on", f"{add_on.id}, {offer.currency} {amount(add_on.unit_price)} per unit"


def _sold(offer: ListedOffer) -> Iterator[tuple[str, str]]:
    everybody = set(offer.segments) == set(Segment)
    yield "sold to", "all segments" if everybody else f"{in_words(offer.segments)} customers only (ELG-8)"
    if offer.countries is not None:
        yield "", f"customers in {_listed(offer.countries)} only (ELG-3)"
    if offer.one_per_customer:
        yield "", "once per customer (ELG-1)"
    if offer.exclusive_to:
        yield "sold by", f"{_listed(offer.exclusive_to)} only (ELG-5)"
    if not offer.in_programme:
        yield "sold by", "its publisher only: it is not in the programme (ELG-4)"
    if not offer.transactable:
        yield "not sold", "it cannot be bought here (ELG-6)"
    if offer.marketplace and offer.metered:
        yield "not sold", "offers of other publishers are sold here as licences only (ELG-7)"


def _listed(words: tuple[str, ...]) -> str:
    more = f" and {len(words) - COUNTRIES_SHOWN:,} more" if len(words) > COUNTRIES_SHOWN else ""
    return ", ".join(words[:COUNTRIES_SHOWN]) + more


def _verdict(details: OfferDetails) -> Iterator[tuple[str, str]]:
    shown, customer = details.shown, details.customer
    if customer is None:
        return
    if shown.refusals:
        yield "customer", f"{customer.name} cannot buy it:"
        for refusal in shown.refusals:
            yield "", explained(refusal)
        return
    command = f"{program()} cart add {shown.offer.id} --customer {customer.id}"
    yield "customer", f"{customer.name} can buy it now: {command}"
    if shown.trial_of:
        yield "", f"without the trial, which {shown.trial_of} has used (TRI-4)"
