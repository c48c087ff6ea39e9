"""`list`: the living subscriptions from the server's visibility, the ended ones from the books, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from typer import BadParameter, Option

from cli.next_step import worded
from cli.options import Reading, one_of, positive_number, some_id, typed_wrong, with_options
from cli.printing.screen import amount, console, day, print_json, printable, quantity, say, zone
from cli.printing.tables import print_columns
from cli.running import use
from domain.faults import shown
from domain.money import shown_price
from domain.next_step import Do, NextStep
from domain.subscription.events import State
from domain.values import format_decimal
from perennial.subscription.listing import ENDED, Filters, Page, Row
from perennial.subscription.page_mark import MarkRefused, PageMark
from perennial.subscription.views import Views
from statemachines.subscription.documents import instant_document, money_document


@dataclass(frozen=True)
class ListFilters(Filters):
    """The filters as options."""

    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None
    offer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this offer.")] = None
    state: Annotated[
        State | None, Option(parser=one_of(State), metavar="STATE", help=f"In this state: {', '.join(State)}.")
    ] = None
    attention: Annotated[bool, Option("--attention", help="Only those that need an operator.")] = False


def marked(typed: str | PageMark) -> PageMark:
    """A parser of page marks."""
    try:
        return PageMark.parse(str(typed))
    except ValueError as error:
        raise BadParameter(f"got {shown(str(typed))}; {error}.") from None


@dataclass(frozen=True)
class Paging:
    """How much of the list is shown."""

    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most this many.")] = 50
    after: Annotated[
        PageMark | None,
        Option(parser=marked, metavar="MARK", help="Continue after the last page.", show_default=False),
    ] = None
    count: Annotated[bool, Option("--count", help="Only count them, by their states.")] = False


@with_options
def list_subscriptions(filters: ListFilters, paging: Paging, reading: Reading) -> None:
    """List subscriptions, the living ones first, with price, next renewal and what is charged then.

    If there are more than --limit, the last line on stderr says how to continue.

    Example: list --customer fabrikam --state suspended
    """
    if paging.count:
        counts = use(lambda perennial: perennial.subscriptions.counts(filters), reading.address)
        _print_counts(counts, as_json=reading.as_json)
        return
    found = use(lambda perennial: _page(perennial.subscriptions, filters, paging), reading.address)
    rows = found.rows
    if reading.as_json:
        print_json([_document(row) for row in rows])
    elif rows:
        _print_rows(rows)
    elif paging.after is None and not found.unlisted:
        chosen = any(value for value in vars(filters).values())
        step = NextStep(Do.LIST_SUBSCRIPTIONS, words="See all") if chosen else NextStep(Do.BUY)
        console().print(f"No subscription{' matches' if chosen else 's yet'}. {worded(step)}", soft_wrap=True)
    for row in rows:
        if row.unreadable:
            advice = worded(NextStep(Do.RECONCILE, row.subscription_id))
            say(f"The record of {row.subscription_id} in the database cannot be read. {advice}", stderr=True)
    if found.unlisted:
        has = "one that is" if found.unlisted == 1 else f"{found.unlisted:,} that are"
        step = NextStep(Do.RECONCILE_ALL, words="Unless it was bought or changed just now, find out what to do")
        say(f"The server lists no such subscription; the books have {has} not ended. {worded(step)}", stderr=True)
    if found.following:
        console(stderr=True).print(f"There are more: --after {found.following}", soft_wrap=True)


async def _page(views: Views, filters: Filters, paging: Paging) -> Page:
    try:
        return await views.page(filters, paging.limit, paging.after)
    except MarkRefused:
        raise typed_wrong("--after", str(paging.after), "the mark that the last page ended with") from None


def _document(row: Row) -> dict[str, Any]:
    return {
        **vars(row),
        "ends_at": instant_document(row.ends_at),
        "unit_price": None if row.unit_price is None else format_decimal(row.unit_price),
        "renews_at": instant_document(row.renews_at),
        "renewal": money_document(row.renewal) if row.renewal else None,
    }


def _print_rows(rows: list[Row]) -> None:
    screen = console()
    lines = [
        (
            row.subscription_id,
            row.customer,
            row.offer,
            row.state,
            "" if row.quantity is None else quantity(row.quantity),
            _price(row),
            _next(row),
            "unreadable" if row.unreadable else str(row.renewal or ""),
        )
        for row in rows
    ]
    headings = ("ID", "CUSTOMER", "OFFER", "STATE", "QUANTITY", "PRICE", f"NEXT ({zone()})", "CHARGE")
    print_columns(screen, headings, lines, right=("QUANTITY", "PRICE", "CHARGE"))
    for row in rows:
        if row.attention:
            screen.print(f"{row.subscription_id} needs attention: {printable(row.attention)}", soft_wrap=True)


def _price(row: Row) -> str:
    if row.unit_price is None or row.currency is None:
        return ""
    return f"{row.currency} {amount(shown_price(row.unit_price, row.currency))}"


def _next(row: Row) -> str:
    """The date on which it renews or, if it does not, ends or ended; `show` has the instant."""
    if row.renews_at:
        return f"renews {day(row.renews_at)}"
    if row.ends_at is None:
        return "-"
    return f"{'ended' if row.state in ENDED else 'ends'} {day(row.ends_at)}"


def _print_counts(counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json({str(state): count for state, count in counts.items()})
        return
    rows = [(str(state), f"{count:,}") for state, count in counts.items()]
    print_columns(console(), ("STATE", "COUNT"), [*rows, ("all", f"{sum(counts.values()):,}")], right=("COUNT",))
