"""`list`: the living subscriptions from the server's visibility, the ended ones from the books, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from typer import Option

from cli.options import Reading, one_of, positive_number, some_id, with_options
from cli.subscription.list_page import Mark, marked
from domain.subscription.events import State

if TYPE_CHECKING:
    from temporalio.client import WorkflowExecution

    from activities.billing.contracts import ListedSubscription

LIVING = [state for state in State if not state.ended]
ENDED = [state for state in State if state.ended]
PAGE_OF_SERVER = 1000


@dataclass(frozen=True)
class Row:
    """A subscription in the list. `ends_at` is None where it renews."""

    subscription_id: str
    customer: str
    offer: str
    state: str
    auto_renew: bool
    ends_at: datetime | None
    attention: str | None = None


@dataclass(frozen=True)
class Filters:
    """Which subscriptions are looked at."""

    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None
    offer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this offer.")] = None
    state: Annotated[
        State | None, Option(parser=one_of(State), metavar="STATE", help=f"In this state: {', '.join(State)}.")
    ] = None
    attention: Annotated[bool, Option("--attention", help="Living ones that need somebody to mend something.")] = False

    @property
    def living(self) -> list[State]:
        """Those of the states that the server answers for."""
        return [state for state in LIVING if self.state in {None, state}]

    @property
    def ended(self) -> list[State]:
        """Those that the books answer for."""
        return [] if self.attention else [state for state in ENDED if self.state in {None, state}]

    def query(self, state: State | None) -> str:
        """For the server's visibility; the ids in it are of letters, digits, `_` and `-` only."""
        wanted = {"CustomerId": self.customer, "OfferId": self.offer, "SubscriptionState": state}
        parts = ["WorkflowType = 'SubscriptionWorkflow'", "ExecutionStatus = 'Running'"]
        parts += [f"{name} = '{value}'" for name, value in wanted.items() if value]
        return " AND ".join([*parts, *(["Attention IS NOT NULL"] if self.attention else [])])


@dataclass(frozen=True)
class Paging:
    """How much of the list is shown."""

    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most so many.")] = 50
    after: Annotated[
        Mark | None,
        Option(parser=marked, metavar="MARK", help="Go on where the last page ended.", show_default=False),
    ] = None
    count: Annotated[bool, Option("--count", help="Only count them, by their states.")] = False


@with_options
def list_subscriptions(filters: Filters, paging: Paging, reading: Reading) -> None:
    """List subscriptions, the living ones first.

    Where there are more than --limit, the last line on stderr says how to go on.
    """
    from cli.printing.screen import console, print_json
    from cli.running import run
    from domain.values import format_instant

    if paging.count:
        _print_counts(run(_counts(filters, reading.address)), as_json=reading.as_json)
        return
    rows, following = run(_page(filters, paging, reading.address))
    if reading.as_json:
        print_json([{**vars(row), "ends_at": format_instant(row.ends_at) if row.ends_at else None} for row in rows])
    elif rows:
        _print_rows(rows)
    elif paging.after is None:
        chosen = any(value for value in vars(filters).values())
        next_step = "See all: starter.py list" if chosen else "Buy one: starter.py buy --help"
        console().print(f"No {'such ' if chosen else ''}subscription. {next_step}", soft_wrap=True)
    if following:
        console(stderr=True).print(f"There are more: --after {following}", soft_wrap=True)


def _print_rows(rows: list[Row]) -> None:
    from cli.printing.screen import console, printable, second
    from cli.printing.tables import print_columns

    screen = console()
    lines = [
        (r.subscription_id, r.customer, r.offer, r.state, "on" if r.auto_renew else "off", second(r.ends_at) or "-")
        for r in rows
    ]
    print_columns(screen, ("ID", "CUSTOMER", "OFFER", "STATE", "AUTO-RENEW", "ENDS (UTC)"), lines)
    for row in rows:
        if row.attention:
            screen.print(f"{row.subscription_id} needs attention: {printable(row.attention)}", soft_wrap=True)


def _print_counts(counts: dict[State, int], *, as_json: bool) -> None:
    from cli.printing.screen import console, print_json
    from cli.printing.tables import print_columns

    if as_json:
        print_json({state.value: count for state, count in counts.items()})
        return
    rows = [(state.value, f"{count:,}") for state, count in counts.items()]
    print_columns(console(), ("STATE", "COUNT"), [*rows, ("all", f"{sum(counts.values()):,}")], right=("COUNT",))


async def _counts(filters: Filters, address: str | None) -> dict[State, int]:
    """A cheap count of the server for each living state; the ended ones from the books."""
    from cli.books import opened_books
    from cli.server import client

    found: dict[State, int] = {}
    if filters.living:
        server = await client(address)
        found = {state: (await server.count_workflows(filters.query(state))).count for state in filters.living}
    if filters.ended:
        async with opened_books() as books:
            counted = await books.subscriptions.counts(filters.customer, filters.offer)
        found |= {state: counted.get(state, 0) for state in filters.ended}
    return found


async def _page(filters: Filters, paging: Paging, address: str | None) -> tuple[list[Row], Mark | None]:
    """One page, and where the next one begins. At the end of the living the ended ones follow."""
    found: dict[str, Row] = {}
    mark = paging.after
    if filters.living and (mark is None or mark.of_server):
        rows, mark = await _living(filters, paging.limit, mark, address)
        found = {row.subscription_id: row for row in rows}
        if mark or not filters.ended:
            return rows, mark
    if not filters.ended:
        return list(found.values()), None
    left = paging.limit - len(found)
    rows, mark = await _ended(filters, left, mark)
    return list((found | {row.subscription_id: row for row in rows}).values()), mark


async def _living(
    filters: Filters, limit: int, mark: Mark | None, address: str | None
) -> tuple[list[Row], Mark | None]:
    """What the server's visibility knows, in its own order."""
    from temporalio.service import RPCError, RPCStatusCode

    from cli.options import typed_wrong
    from cli.server import client

    server = await client(address)
    pages = server.list_workflows(filters.query(filters.state), next_page_token=mark.token if mark else None)
    rows: list[Row] = []
    while len(rows) < limit:
        try:
            await pages.fetch_next_page(page_size=min(limit - len(rows), PAGE_OF_SERVER))
        except RPCError as error:
            # Of a token that it did not make the server says that something went wrong, and no more.
            if mark is None or error.status not in {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.UNKNOWN}:
                raise
            raise typed_wrong("--after", str(mark), "the mark that the last page ended with") from None
        rows += [_living_row(execution) for execution in pages.current_page or []]
        if not pages.next_page_token:
            return rows, None
    return rows, Mark(of_server=True, token=pages.next_page_token or b"")


def _living_row(execution: WorkflowExecution) -> Row:
    from workflows.durable import search_attributes as known

    attributes = execution.typed_search_attributes
    return Row(
        subscription_id=execution.id.partition(":")[2],
        customer=attributes.get(known.CUSTOMER, ""),
        offer=attributes.get(known.OFFER, ""),
        state=attributes.get(known.STATE, State.PENDING.value),
        auto_renew=attributes.get(known.AUTO_RENEW, True),
        ends_at=attributes.get(known.ENDS_AT, None),
        attention=attributes.get(known.ATTENTION, None),
    )


async def _ended(filters: Filters, limit: int, mark: Mark | None) -> tuple[list[Row], Mark | None]:
    """What the books know, in the order of ids; with a limit of 0 only whether there is any."""
    from cli.books import opened_books

    after = mark.token.decode() if mark else None
    found: list[ListedSubscription] = []
    async with opened_books() as books:
        for state in filters.ended:
            found += await books.subscriptions.subscriptions(filters.customer, filters.offer, state, limit + 1, after)
    found.sort(key=lambda listed: listed.subscription_id)
    rows = [_ended_row(listed) for listed in found[:limit]]
    if len(found) <= limit:
        return rows, None
    last = rows[-1].subscription_id if rows else ""
    return rows, Mark(of_server=False, token=last.encode())


def _ended_row(listed: ListedSubscription) -> Row:
    return Row(
        subscription_id=listed.subscription_id,
        customer=listed.customer_id,
        offer=listed.offer_id,
        state=listed.state,
        auto_renew=listed.auto_renew,
        ends_at=listed.last_at,
    )
