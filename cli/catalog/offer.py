"""`catalog list` and `catalog show`: offers, whether a customer can buy them, and if not, why (ELG-9)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from rich.text import Text
from typer import Option

from cli.failure import Misused
from cli.options import Json, OfferId, one_of, positive_number, some_id, with_options
from cli.printing.screen import (
    amount,
    console,
    counted,
    instant,
    print_facts,
    print_json,
    printable,
    quantity,
    say,
    wrapped,
    zone,
)
from cli.printing.tables import print_columns
from cli.rule_words import words_of
from cli.running import use
from cli.samples import sample_catalog
from cli.start import program
from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Segment
from domain.catalog.differences import in_words
from domain.catalog.offers import BillingType, Category, Publisher
from domain.ordering.eligibility import Refusal
from perennial.catalog.browsing import OfferDetails, OfferFilters, OfferPage, OfferShown

COUNTRIES_SHOWN = 20
Whom = Annotated[
    str | None,
    Option("--customer", parser=some_id, metavar="ID", help="Can this customer buy it now?", show_default=False),
]


@dataclass(frozen=True)
class ListOptions(OfferFilters):
    """The options of `catalog list`."""

    customer: Annotated[
        str | None,
        Option(parser=some_id, metavar="ID", help="Only those that this customer can buy now.", show_default="all"),
    ] = None
    publisher: Annotated[
        Publisher | None, Option(parser=one_of(Publisher), metavar="WORD", help=f"{', '.join(Publisher)}.")
    ] = None
    billing_type: Annotated[
        BillingType | None, Option(parser=one_of(BillingType), metavar="WORD", help=f"{', '.join(BillingType)}.")
    ] = None
    category: Annotated[
        Category | None, Option(parser=one_of(Category), metavar="WORD", help=f"{', '.join(Category)}.")
    ] = None
    one_per_customer: Annotated[
        bool, Option("--one-per-customer", help="Only those that a customer can have once (ELG-1).")
    ] = False
    explain: Annotated[
        bool, Option("--explain", help="With --customer: also list hidden offers, and why they are hidden (ELG-9).")
    ] = False
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many.")] = 50
    after: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Only those after this offer.", show_default=False)
    ] = None


@with_options
def list_offers(wanted: ListOptions, as_json: Json = False) -> None:
    """List offers in the order of their ids: all, or those that a customer can buy now.

    Hidden are offers that the customer already owns, and those that are not sold in its country, to its segment or
    through its partner. --explain lists them too, with the rule and the next step.

    Example: catalog list --customer fabrikam --explain
    """
    if wanted.explain and wanted.customer is None:
        raise Misused("--explain: got no customer; takes --customer ID too, because who buys decides what is hidden.")

    page = use(lambda perennial: perennial.catalog.offers(wanted, limit=wanted.limit, after=wanted.after))
    if as_json:
        print_json([_document(row, page.at, judged=wanted.customer is not None) for row in page.rows])
    else:
        _print_list(wanted.customer, page)
    if page.more:
        say(f"There are more: --after {page.rows[-1].offer.id}", stderr=True)


def _print_list(customer: str | None, page: OfferPage) -> None:
    if page.empty:
        sample = f"{program()} catalog import {sample_catalog()}"
        say(f"The catalog is empty. Import one: {sample}")
    elif not page.rows:
        hidden = f" See why not: --customer {customer} --explain" if customer else ""
        say(f"No offer matches.{hidden}")
    if available := [row.offer for row in page.rows if not row.refusals]:
        _print_offers(available, page.at)
    if hidden_rows := [row for row in page.rows if row.refusals]:
        if available:
            say("")
        _print_hidden(hidden_rows)


def _print_offers(offers: Sequence[ListedOffer], now: datetime) -> None:
    screen, headings = console(), ("ID", "NAME", "KIND", "PRICE", "TERM", "TRIAL")
    print_columns(screen, headings, [list(_cells(offer, now)) for offer in offers], right=("PRICE",))


def _cells(offer: ListedOffer, now: datetime) -> Iterator[str]:
    yield offer.id
    yield printable(offer.name)
    yield " ".join((offer.publisher, offer.billing_type, offer.category.replace("_", " ")))
    yield f"{offer.currency} {amount(offer.price_at(now))}"
    yield f"{offer.term} {offer.billing_plan}"
    yield f"{offer.trial_days} d" if offer.trial_days else "-"


def _print_hidden(rows: Sequence[OfferShown]) -> None:
    say(Text(f"{counted(len(rows), 'offer')} hidden:", style="dim"))
    for row in rows:
        say(Text.assemble((row.offer.id, "bold"), f"  {printable(row.offer.name)}"))
        for refusal in row.refusals:
            for part in wrapped(printable(_explained(refusal)), console().width - 2):
                say(f"  {part}")


def _explained(refusal: Refusal) -> str:
    """Return the rule's id and label, why not, and the next step (ELG-9)."""
    return f"{refusal.rule}, {words_of(refusal.rule)}: {refusal}"


def show_offer(offer: OfferId, customer: Whom = None, as_json: Json = False) -> None:
    """Show an offer: its prices now and later, its add-ons, and to whom and where it is sold.

    With a customer, also whether it can buy the offer now, and if not, every rule that refuses it (ELG-9).

    Example: catalog show contoso-crm
    """
    details = use(lambda perennial: perennial.catalog.offer(offer, customer))
    if as_json:
        trial_of = {"trial_of": details.shown.trial_of} if details.customer else {}
        print_json(_document(details.shown, details.at, judged=details.customer is not None) | trial_of)
    else:
        found = details.shown.offer
        facts = (*_facts(found), *_prices(found, details.at), *_sold(found), *_verdict(details))
        print_facts(facts, heading=f"{found.id}  {found.name}")


def _document(row: OfferShown, now: datetime, *, judged: bool) -> dict[str, Any]:
    """The offer as the catalog has it and its price now; for a customer, also whether it can be bought."""
    document = row.offer.model_dump(mode="json") | {"price_now": f"{row.offer.price_at(now):f}"}
    if judged:
        document["available"] = not row.refusals
        document["refusals"] = [refusal.model_dump(mode="json") for refusal in row.refusals]
    return document


def _facts(offer: ListedOffer) -> Iterator[tuple[str, str]]:
    by = f"{offer.publisher}, {offer.vendor}" if offer.vendor else offer.publisher
    yield "publisher", by
    yield "type", f"{offer.billing_type}, {offer.category}"
    yield "term", f"{offer.term}, billed {offer.billing_plan}"
    if not offer.metered:
        yield "quantity", f"{quantity(offer.min_quantity)} to {quantity(offer.max_quantity)}"
    yield "trial", f"{offer.trial_days} days, free" if offer.trial_days else "none"
    if offer.announce_days:
        yield "announced", f"{counted(offer.announce_days, 'day')} before each renewal"
    yield "set-up", f"by the publisher, at {offer.setup_url}" if offer.setup_url else "none: it begins at once"
    yield "policy", offer.policy


def _prices(offer: ListedOffer, now: datetime) -> Iterator[tuple[str, str]]:
    unit = "per unit used" if offer.metered else "per unit"
    yield "price", f"{offer.currency} {amount(offer.price_at(now))} {unit}"
    if any(price.at <= now for price in offer.prices):
        yield "", f"at first {offer.currency} {amount(offer.unit_price)}"
    for price in offer.prices:
        began = "since" if price.at <= now else "from"
        yield "", f"{began} {instant(price.at)} {zone()} {offer.currency} {amount(price.unit_price)}"
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
            yield "", _explained(refusal)
        return
    command = f"{program()} cart add {shown.offer.id} --customer {customer.id}"
    yield "customer", f"{customer.name} can buy it now: {command}"
    if shown.trial_of:
        yield "", f"without the trial, which {shown.trial_of} has used (TRI-4)"
