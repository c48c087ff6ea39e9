"""`catalog list`: offers, or those that a customer can buy; with --explain also the others, and why (ELG-9)."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from rich.console import Console
from rich.text import Text
from typer import Option

from cli.failure import Misused
from cli.options import Json, one_of, positive_number, some_id, with_options
from cli.printing.screen import amount, console, counted, print_json, printable
from cli.printing.tables import GAP, print_columns
from cli.rule_words import words_of
from cli.running import use
from cli.samples import sample_catalog
from cli.start import program
from domain.catalog.catalog import ListedOffer
from domain.catalog.offers import BillingType, Category, Publisher
from domain.ordering.eligibility import Refusal
from perennial.catalog.browsing import OfferFilters, OfferPage, OfferShown

SHORTEST_NAME = 12


@dataclass(frozen=True)
class ListOptions:
    """The options of `catalog list`. A filter that is not given takes all (CAT-2)."""

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

    @property
    def filters(self) -> OfferFilters:
        """The filters among them."""
        return OfferFilters(
            customer=self.customer,
            explain=self.explain,
            publisher=self.publisher,
            billing_type=self.billing_type,
            category=self.category,
            one_per_customer=self.one_per_customer,
        )


@with_options
def list_offers(wanted: ListOptions, as_json: Json = False) -> None:
    """List offers in the order of their ids: all, or those that a customer can buy now.

    Hidden are offers that the customer already owns, and those that are not sold in its country, to its segment or
    through its partner. --explain lists them too, with the rule and the next step.
    """
    if wanted.explain and wanted.customer is None:
        raise Misused("--explain: got no customer; takes --customer ID too, because who buys decides what is hidden.")

    page = use(lambda perennial: perennial.catalog.offers(wanted.filters, limit=wanted.limit, after=wanted.after))
    if as_json:
        print_json([_document(row, page.at, judged=wanted.customer is not None) for row in page.rows])
    else:
        _print(console(), wanted.customer, page)
    if page.more:
        console(stderr=True).print(f"There are more: --after {page.rows[-1].offer.id}", soft_wrap=True)


def _document(row: OfferShown, now: datetime, *, judged: bool) -> dict[str, Any]:
    """The offer as the catalog has it and its price now; for a customer, also whether it can be bought."""
    document = row.offer.model_dump(mode="json") | {"price_now": f"{row.offer.price_at(now):f}"}
    if judged:
        document["available"] = not row.refusals
        document["refusals"] = [refusal.model_dump(mode="json") for refusal in row.refusals]
    return document


def _print(screen: Console, customer: str | None, page: OfferPage) -> None:
    if page.empty:
        sample = f"{program()} catalog import {sample_catalog()}"
        screen.print(f"The catalog is empty. Import one: {sample}", soft_wrap=True)
    elif not page.rows:
        hidden = f" See why not: --customer {customer} --explain" if customer else ""
        screen.print(f"No such offer.{hidden}", soft_wrap=True)
    if available := [row.offer for row in page.rows if not row.refusals]:
        _print_offers(screen, available, page.at)
    if hidden_rows := [row for row in page.rows if row.refusals]:
        if available:
            screen.print()
        _print_hidden(screen, hidden_rows)


def _print_offers(screen: Console, offers: Sequence[ListedOffer], now: datetime) -> None:
    headings = ("ID", "NAME", "PUBLISHER", "TYPE", "CATEGORY", "PRICE", "TERM", "TRIAL")
    rows = [list(_cells(offer, now)) for offer in offers]
    others = sum(max(map(len, column)) for column in zip(headings, *rows, strict=True) if column[0] != "NAME")
    room = max(screen.width - others - GAP * (len(headings) - 1), SHORTEST_NAME)
    for row in rows:
        row[1] = row[1] if len(row[1]) <= room else f"{row[1][: room - 1]}…"
    print_columns(screen, headings, rows, right=("PRICE",))


def _cells(offer: ListedOffer, now: datetime) -> Iterator[str]:
    yield offer.id
    yield printable(offer.name)
    yield offer.publisher
    yield offer.billing_type
    # The whole word would leave no room for names.
    yield "small" if offer.category is Category.SMALL_BUSINESS else offer.category
    yield f"{offer.currency} {amount(offer.price_at(now))}"
    yield f"{offer.term} {offer.billing_plan}"
    yield f"{offer.trial_days} d" if offer.trial_days else "-"


def _print_hidden(screen: Console, rows: Sequence[OfferShown]) -> None:
    screen.print(Text(f"{counted(len(rows), 'offer')} hidden:", style="dim"), soft_wrap=True)
    for row in rows:
        screen.print(Text.assemble((row.offer.id, "bold"), f"  {printable(row.offer.name)}"), soft_wrap=True)
        for refusal in row.refusals:
            words = printable(explained(refusal))
            for part in textwrap.wrap(words, screen.width, initial_indent="  ", subsequent_indent="  "):
                screen.print(Text(part), soft_wrap=True)


def explained(refusal: Refusal) -> str:
    """Return the rule's id and label, why not, and the next step (ELG-9)."""
    return f"{refusal.rule}, {words_of(refusal.rule)}: {refusal}"
