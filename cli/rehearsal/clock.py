"""`clock advance`: move a customer's account and subscriptions through time together."""

from datetime import datetime, timedelta
from typing import Annotated

from typer import Option

from cli.account.account import Customer
from cli.failure import Misused
from cli.options import Address, Json, an_instant, positive_number, typed_wrong
from cli.printing.progress import Progress
from cli.printing.screen import console, counted, moment, print_json
from cli.running import use
from cli.start import program
from domain.values import LAST_YEAR, format_instant
from perennial.rehearsal.time_travel import travel_of
from perennial.sources.sources import Sources

KEY = "clock"


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

    Example: clock advance fabrikam --days 30
    """

    if (to is None) == (days is None):
        raise Misused("Give one of --to and --days: how far to advance the clocks.")
    reached, moved = use(lambda perennial: _advance(perennial.sources, customer, to, days), address)
    if as_json:
        print_json({"customer": customer, "now": format_instant(reached), "subscriptions": moved})
    else:
        living = counted(len(moved), "living subscription")
        words = f"{customer}: it is {moment(reached)} for its account and {living}."
        console().print(f"{words} See: {program()} account show {customer}", soft_wrap=True)


async def _advance(
    sources: Sources, customer: str, to: datetime | None, days: int | None
) -> tuple[datetime, list[str]]:
    with Progress() as progress:
        travel = await travel_of(sources, customer, lambda day: progress.note(KEY, day))
        target = _target(await travel.now(), to, days)
        progress.begin(KEY, f"{customer} advances to {target:%Y-%m-%d}")
        await travel.advance(target)
        progress.end(KEY)
    return target, travel.subscriptions


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
