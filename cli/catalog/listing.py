"""`catalog list`: what can be bought, by a customer or at all; with --explain what cannot, and why (CAT-2, ELG-9)."""

from __future__ import annotations

import textwrap
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from cli.options import Json, one_of, positive_number, some_id, with_options
from domain.catalog.offers import BillingType, Category, Publisher

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from domain.catalog.catalog import ListedOffer
    from domain.ordering.eligibility import Refusal
    from perennial.sources.books import Books

BATCH = 200
"""Offers that are looked at in one go: a catalog is never read as a whole."""
SHORTEST_NAME = 12


@dataclass(frozen=True)
class Wanted:
    """Which offers are listed: filters that are not given take all (CAT-2)."""

    customer: Annotated[
        str | None,
        Option(parser=some_id, metavar="ID", help="Those that this customer can buy now.", show_default="all offers"),
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
        bool, Option("--one-per-customer", help="Those that a customer can have once (ELG-1).")
    ] = False
    explain: Annotated[
        bool, Option("--explain", help="With a customer: list what is hidden, too, and why (ELG-9).")
    ] = False
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most so many.")] = 50
    after: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Those after this offer.", show_default=False)
    ] = None


@dataclass(frozen=True)
class Row:
    """An offer in the list; no refusals where it can be bought, or nobody was named."""

    offer: ListedOffer
    refusals: tuple[Refusal, ...] = ()


@with_options
def list_offers(wanted: Wanted, as_json: Json = False) -> None:
    """List offers in the order of their ids: all, or those that a customer can buy now.

    What a customer owns already, what is not sold in its country, to its segment or through its partner is
    hidden; --explain lists it with the rule and the next step.
    """
    from activities.wall_clock import wall_clock
    from cli.failure import Misused
    from cli.printing.screen import console, print_json
    from cli.running import run

    if wanted.explain and wanted.customer is None:
        raise Misused("--explain: got no customer; takes --customer ID beside it: what is hidden depends on who buys.")
    now = wall_clock()
    found, empty = run(_look(wanted))
    more, rows = len(found) > wanted.limit, found[: wanted.limit]
    if as_json:
        print_json([_document(row, now, judged=wanted.customer is not None) for row in rows])
    else:
        _print(console(), wanted, rows, empty, now)
    if more:
        console(stderr=True).print(f"There are more: --after {rows[-1].offer.id}", soft_wrap=True)


async def _look(wanted: Wanted) -> tuple[list[Row], bool]:
    """One row more than is wanted, where there is one; and whether the catalog holds nothing at all."""
    from cli.books import opened_books

    async with opened_books() as books:
        found: list[Row] = []
        async for row in _rows(books, wanted):
            found.append(row)
            if len(found) > wanted.limit:
                break
        return found, not found and not await books.catalog.page(limit=1)


async def _rows(books: Books, wanted: Wanted) -> AsyncIterator[Row]:
    from domain.ordering.eligibility import Ownership, listing_refusals

    customer = await books.buyer(wanted.customer) if wanted.customer else None
    after, batch = wanted.after, BATCH if customer else min(BATCH, wanted.limit + 1)
    while True:
        offers = await books.catalog.page(
            publisher=wanted.publisher,
            billing_type=wanted.billing_type,
            category=wanted.category,
            one_per_customer=wanted.one_per_customer or None,
            limit=batch,
            after=after,
        )
        held = await books.holdings.holdings(customer.id, [offer.id for offer in offers]) if customer else {}
        for offer in offers:
            refusals = listing_refusals(offer, customer, held.get(offer.id, Ownership())) if customer else ()
            if wanted.explain or not refusals:
                yield Row(offer, refusals)
        if len(offers) < batch:
            return
        after = offers[-1].id


def _document(row: Row, now: datetime, *, judged: bool) -> dict[str, Any]:
    """The offer as the catalog has it, its price now, and, for a customer, whether it can be bought."""
    document = row.offer.model_dump(mode="json") | {"price_now": f"{row.offer.price_at(now):f}"}
    if judged:
        document["available"] = not row.refusals
        document["refusals"] = [refusal.model_dump(mode="json") for refusal in row.refusals]
    return document


def _print(screen: Console, wanted: Wanted, rows: Sequence[Row], empty: bool, now: datetime) -> None:
    from cli.catalog.catalog import EMPTY

    if not rows:
        hidden = f" See why not: --customer {wanted.customer} --explain" if wanted.customer else ""
        screen.print(EMPTY if empty else f"No such offer.{hidden}", soft_wrap=True)
        return
    if available := [row.offer for row in rows if not row.refusals]:
        _print_offers(screen, available, now)
    if hidden_rows := [row for row in rows if row.refusals]:
        if available:
            screen.print()
        _print_hidden(screen, hidden_rows)


def _print_offers(screen: Console, offers: Sequence[ListedOffer], now: datetime) -> None:
    from cli.printing.tables import GAP, print_columns

    headings = ("ID", "NAME", "PUBLISHER", "TYPE", "CATEGORY", "PRICE", "TERM", "TRIAL")
    rows = [list(_cells(offer, now)) for offer in offers]
    others = sum(max(map(len, column)) for column in zip(headings, *rows, strict=True) if column[0] != "NAME")
    room = max(screen.width - others - GAP * (len(headings) - 1), SHORTEST_NAME)
    for row in rows:
        row[1] = row[1] if len(row[1]) <= room else f"{row[1][: room - 1]}…"
    print_columns(screen, headings, rows, right=("PRICE",))


def _cells(offer: ListedOffer, now: datetime) -> Iterator[str]:
    from cli.printing.screen import amount, printable

    yield offer.id
    yield printable(offer.name)
    yield offer.publisher
    yield offer.billing_type
    # The one long word would leave no room for names.
    yield "small" if offer.category is Category.SMALL_BUSINESS else offer.category
    yield f"{offer.currency} {amount(offer.price_at(now))}"
    yield f"{offer.term} {offer.billing_plan}"
    yield f"{offer.trial_days} d" if offer.trial_days else "-"


def _print_hidden(screen: Console, rows: Sequence[Row]) -> None:
    from rich.text import Text

    from cli.printing.screen import counted, printable

    screen.print(Text(f"{counted(len(rows), 'offer')} hidden:", style="dim"), soft_wrap=True)
    for row in rows:
        screen.print(Text.assemble((row.offer.id, "bold"), f"  {printable(row.offer.name)}"), soft_wrap=True)
        for refusal in row.refusals:
            words = printable(told(refusal))
            for part in textwrap.wrap(words, screen.width, initial_indent="  ", subsequent_indent="  "):
                screen.print(Text(part), soft_wrap=True)


def told(refusal: Refusal) -> str:
    """The rule in a few words, why not, and the next step (ELG-9)."""
    from cli.printing.rule_words import words_of

    return f"{refusal.rule}, {words_of(refusal.rule)}: {refusal}"
