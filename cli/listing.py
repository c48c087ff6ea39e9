"""`list`: the living subscriptions from the server's visibility, the ended ones from the books."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from cli.option_groups import with_options
from cli.options import Reading, one_of, positive_number, some_id
from domain.events import State

if TYPE_CHECKING:
    from temporalio.client import WorkflowExecution

    from activities.contracts import Listed

WORKFLOWS = "WorkflowType = 'SubscriptionWorkflow' AND ExecutionStatus = 'Running'"


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
class Wanted:
    """Which subscriptions are listed."""

    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None
    offer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this offer.")] = None
    state: Annotated[
        State | None, Option(parser=one_of(State), metavar="STATE", help=f"In this state: {', '.join(State)}.")
    ] = None
    limit: Annotated[int, Option(parser=positive_number, metavar="N", help="At most so many.")] = 50


@with_options
def list_subscriptions(wanted: Wanted, reading: Reading) -> None:
    """List subscriptions, the living ones first."""
    from cli.columns import print_columns
    from cli.printable import second
    from cli.running import run
    from cli.screen import console, print_json
    from domain.values import format_instant

    rows = run(_rows(wanted, reading.address))
    if reading.as_json:
        print_json([{**vars(row), "ends_at": format_instant(row.ends_at) if row.ends_at else None} for row in rows])
        return
    screen = console()
    if not rows:
        screen.print("No subscription. Buy one: starter.py buy --help", soft_wrap=True)
        return
    lines = [
        (
            r.subscription_id,
            r.customer,
            r.offer,
            r.state,
            "on" if r.auto_renew else "off",
            second(r.ends_at) or "-",
        )
        for r in rows
    ]
    print_columns(screen, ("ID", "CUSTOMER", "OFFER", "STATE", "AUTO-RENEW", "ENDS (UTC)"), lines)
    for row in rows:
        if row.attention:
            screen.print(f"{row.subscription_id} needs attention: {row.attention}", soft_wrap=True)
    if len(rows) == wanted.limit:
        console(stderr=True).print(f"The first {wanted.limit}; there may be more: --limit N", soft_wrap=True)


async def _rows(wanted: Wanted, address: str | None) -> list[Row]:
    found: dict[str, Row] = {}
    if wanted.state is None or not wanted.state.ended:
        found |= {row.subscription_id: row async for row in _living(wanted, address)}
    if wanted.state is None or wanted.state.ended:
        left = wanted.limit - len(found)
        found |= {row.subscription_id: row for row in await _ended(wanted, left)} if left > 0 else {}
    return list(found.values())


async def _living(wanted: Wanted, address: str | None) -> Any:
    """What the server's visibility knows; the ids in the query are of letters, digits, `_` and `-` only."""
    from cli.server import client

    filters = {"CustomerId": wanted.customer, "OfferId": wanted.offer, "SubscriptionState": wanted.state}
    query = " AND ".join([WORKFLOWS, *(f"{name} = '{value}'" for name, value in filters.items() if value)])
    server = await client(address)
    async for execution in server.list_workflows(query, limit=wanted.limit, page_size=min(wanted.limit, 1000)):
        yield _living_row(execution)


def _living_row(execution: WorkflowExecution) -> Row:
    from workflows import search_attributes as known

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


async def _ended(wanted: Wanted, limit: int) -> list[Row]:
    from cli.books import opened_books

    states = [wanted.state] if wanted.state else [state for state in State if state.ended]
    found: list[Listed] = []
    async with opened_books() as books:
        for state in states:
            found += await books.reader.subscriptions(wanted.customer, wanted.offer, state, limit)
    return list(_ended_rows(sorted(found, key=lambda listed: listed.subscription_id)[:limit]))


def _ended_rows(found: list[Listed]) -> Iterator[Row]:
    for listed in found:
        yield Row(
            subscription_id=listed.subscription_id,
            customer=listed.customer_id,
            offer=listed.offer_id,
            state=listed.state,
            auto_renew=listed.auto_renew,
            ends_at=listed.last_at,
        )
