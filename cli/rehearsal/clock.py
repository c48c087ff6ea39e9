"""`clock advance`: a customer's account and subscriptions moved through time together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from cli.account.account import Customer
from cli.options import Address, Json, an_instant, positive_number

if TYPE_CHECKING:
    from workflows.durable.test_clock import TestClock
    from workflows.subscription.client import Subscriptions

KEY = "clock"
PAGE = 500


def advance(
    customer: Customer,
    to: Annotated[
        datetime | None, Option(parser=an_instant, metavar="INSTANT", help="Until then.", show_default=False)
    ] = None,
    days: Annotated[
        int | None, Option(parser=positive_number, metavar="N", help="So many days further.", show_default=False)
    ] = None,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Let a customer's clocks reach an instant, milestone by milestone.

    Everything of the customer must have been bought with a test clock (`buy --test-clock`), on a server that can
    skip time, such as the one of `worker.py --dev`. An invoice closed on the way holds what was charged before it.
    Time never goes back.
    """
    from cli.failure import Misused
    from cli.printing.screen import console, counted, print_json, second
    from cli.running import run
    from domain.values import format_instant

    if (to is None) == (days is None):
        raise Misused("Give one of --to and --days: how far the clocks are to go.")
    reached, moved = run(_advance(customer, to, days, address))
    if as_json:
        print_json({"customer": customer, "now": format_instant(reached), "subscriptions": moved})
    else:
        living = counted(len(moved), "living subscription")
        words = f"{customer}: it is {second(reached)} UTC for its account and {living}."
        console().print(f"{words} See: starter.py account show {customer}", soft_wrap=True)


async def _advance(
    customer: str, to: datetime | None, days: int | None, address: str | None
) -> tuple[datetime, list[str]]:
    from cli import server
    from cli.books import opened_books
    from cli.failure import Failure
    from cli.printing.progress import Progress
    from perennial.rehearsal.time_skipping import ServerClock
    from perennial.rehearsal.time_travel import TimeTravel

    client = await server.client(address)
    accounts, subscriptions = server.accounts(client), server.subscriptions(client)
    async with opened_books() as books:
        await books.require_purchase(customer)
        living = await _living(books, customer)
    account = await accounts.details(customer)
    clocks = await _clocks(subscriptions, living)
    if account.clock is None:
        raise Failure(f"The account of {customer} has no test clock: its time is everybody's.")
    server_clock = ServerClock(client)
    target = _target(await server_clock.now(accounts.handle(customer), account.clock), to, days)
    with Progress() as progress:
        progress.begin(KEY, f"{customer} lives on to {target:%Y-%m-%d}")
        travel = TimeTravel(
            customer,
            account.clock,
            clocks,
            accounts,
            subscriptions,
            server_clock,
            lambda day: progress.note(KEY, day),
        )
        await travel.advance(target)
        progress.end(KEY)
    return target, sorted(clocks)


def _target(now: datetime, to: datetime | None, days: int | None) -> datetime:
    """How far to go. Raises Misused where that is back, or beyond what the calendar has."""
    from cli.options import typed_wrong
    from domain.values import LAST_YEAR, format_instant

    if to is not None and to < now:
        raise typed_wrong("--to", to, f"an instant after {format_instant(now)}: time never goes back")
    try:
        target = to or now + timedelta(days=days or 0)
    except OverflowError:
        target = None
    if target is None or target.year > LAST_YEAR:
        raise typed_wrong("--to" if to else "--days", to or days, f"an instant until the year {LAST_YEAR}")
    return target


async def _living(books: Any, customer: str) -> list[str]:
    """The customer's subscriptions that have not ended."""
    found: list[str] = []
    after = None
    while page := await books.subscriptions.subscriptions(customer=customer, limit=PAGE, after=after):
        found += [listed.subscription_id for listed in page if not listed.state.ended]
        after = page[-1].subscription_id
    return found


async def _clocks(subscriptions: Subscriptions, living: list[str]) -> dict[str, TestClock]:
    """Each one's test clock. Raises Failure where one has none."""
    from cli.failure import Failure

    clocks = {}
    for subscription_id in living:
        clock = (await subscriptions.details(subscription_id)).clock
        if clock is None:
            raise Failure(
                f"Subscription {subscription_id} was not bought with a test clock: its time is everybody's. "
                "Nothing was moved."
            )
        clocks[subscription_id] = clock
    return clocks
