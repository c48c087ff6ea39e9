"""`clock advance`: move a customer's account and subscriptions through time together."""

from datetime import datetime, timedelta
from typing import Annotated

from typer import Option

from cli import server
from cli.account.account import Customer
from cli.books import opened_books
from cli.failure import Failure, Misused
from cli.options import Address, Json, an_instant, positive_number, typed_wrong
from cli.printing.progress import Progress
from cli.printing.screen import console, counted, print_json, second
from cli.running import run
from cli.start import program
from domain.values import LAST_YEAR, format_instant
from perennial.rehearsal.time_skipping import ServerClock
from perennial.rehearsal.time_travel import TimeTravel
from perennial.sources.books import Books
from workflows.durable.test_clock import TestClock
from workflows.subscription.client import Subscriptions

KEY = "clock"
PAGE = 500


def advance(
    customer: Customer,
    to: Annotated[
        datetime | None, Option(parser=an_instant, metavar="INSTANT", help="Up to this instant.", show_default=False)
    ] = None,
    days: Annotated[
        int | None, Option(parser=positive_number, metavar="N", help="By this number of days.", show_default=False)
    ] = None,
    address: Address = None,
    as_json: Json = False,
) -> None:
    """Advance a customer's test clocks, milestone by milestone.

    All of the customer's subscriptions must have been bought with a test clock (`buy --test-clock`), on a server that
    can skip time, such as that of `worker --dev`. An invoice closed on the way holds what was charged before it.
    Time never goes back.
    """

    if (to is None) == (days is None):
        raise Misused("Give one of --to and --days: how far to advance the clocks.")
    reached, moved = run(_advance(customer, to, days, address))
    if as_json:
        print_json({"customer": customer, "now": format_instant(reached), "subscriptions": moved})
    else:
        living = counted(len(moved), "living subscription")
        words = f"{customer}: it is {second(reached)} UTC for its account and {living}."
        console().print(f"{words} See: {program()} account show {customer}", soft_wrap=True)


async def _advance(
    customer: str, to: datetime | None, days: int | None, address: str | None
) -> tuple[datetime, list[str]]:

    client = await server.client(address)
    accounts, subscriptions = server.accounts(client), server.subscriptions(client)
    async with opened_books() as books:
        await books.require_purchase(customer)
        living = await _living(books, customer)
    account = await accounts.details(customer)
    clocks = await _clocks(subscriptions, living)
    if account.clock is None:
        raise Failure(f"{customer}'s account runs on real time: it was not opened with a test clock.")
    server_clock = ServerClock(client)
    target = _target(await server_clock.now(accounts.handle(customer), account.clock), to, days)
    with Progress() as progress:
        progress.begin(KEY, f"{customer} advances to {target:%Y-%m-%d}")
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
    """The instant to advance to. Raises Misused if it is in the past or after the last year that the calendar has."""

    if to is not None and to < now:
        raise typed_wrong("--to", to, f"an instant after {format_instant(now)}: time never goes back")
    try:
        target = to or now + timedelta(days=days or 0)
    except OverflowError:
        target = None
    if target is None or target.year > LAST_YEAR:
        raise typed_wrong("--to" if to else "--days", to or days, f"an instant until the year {LAST_YEAR}")
    return target


async def _living(books: Books, customer: str) -> list[str]:
    """The customer's subscriptions that have not ended."""
    found: list[str] = []
    after = None
    while page := await books.subscriptions.subscriptions(customer=customer, limit=PAGE, after=after):
        found += [listed.subscription_id for listed in page if not listed.state.ended]
        after = page[-1].subscription_id
    return found


async def _clocks(subscriptions: Subscriptions, living: list[str]) -> dict[str, TestClock]:
    """Each subscription's test clock. Raises Failure if one has none."""

    clocks = {}
    for subscription_id in living:
        clock = (await subscriptions.details(subscription_id)).clock
        if clock is None:
            raise Failure(
                f"Subscription {subscription_id} runs on real time: it was not bought with a test clock. "
                "No clock was advanced."
            )
        clocks[subscription_id] = clock
    return clocks
