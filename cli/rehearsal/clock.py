"""`clock advance`: move test clocks, of a customer, of one subscription, or all."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from typer import Argument, Option

from cli.failure import Failure, Misused
from cli.options import Reading, an_instant, positive_number, some_id, typed_wrong, with_options
from cli.printing.progress import Progress
from cli.printing.screen import counted, moment, print_json, printable, say
from cli.running import stopped_with, use
from cli.start import program, typed
from domain.calendar import AnchorRule, boundary
from domain.values import LAST_YEAR, format_instant
from perennial.rehearsal.clocks import Moved, advance_all, one_clock
from perennial.rehearsal.time_travel import travel_of
from perennial.sources.sources import Sources

KEY = "clock"


@dataclass(frozen=True)
class Whose:
    """Whose clocks are moved."""

    customer: Annotated[
        str | None,
        Argument(
            metavar="CUSTOMER", parser=some_id, help="Its account and subscriptions, together.", show_default=False
        ),
    ] = None
    subscription: Annotated[
        str | None, Option(parser=some_id, metavar="ID", help="Of this subscription alone.", show_default=False)
    ] = None
    everyone: Annotated[bool, Option("--all", help="Of every customer who has test clocks.")] = False

    def check(self) -> None:
        """Raises Misused unless exactly one is chosen."""
        if sum((self.customer is not None, self.subscription is not None, self.everyone)) != 1:
            raise Misused("Give one of CUSTOMER, --subscription and --all: whose clocks to advance.")


@dataclass(frozen=True)
class HowFar:
    """How far: up to an instant, or by days or calendar months."""

    to: Annotated[
        datetime | None, Option(parser=an_instant, metavar="INSTANT", help="Up to this instant.", show_default=False)
    ] = None
    days: Annotated[
        int | None, Option(parser=positive_number, metavar="N", help="By this number of days.", show_default=False)
    ] = None
    months: Annotated[
        int | None, Option(parser=positive_number, metavar="N", help="By this number of months.", show_default=False)
    ] = None

    def check(self) -> None:
        """Raises Misused unless exactly one is chosen."""
        if sum(given is not None for given in (self.to, self.days, self.months)) != 1:
            raise Misused("Give one of --to, --days and --months: how far to advance the clocks.")

    def target(self, now: datetime) -> datetime:
        """The instant to advance to. Raises Misused if it is in the past or after the last year of the calendar."""
        if self.to is not None and self.to < now:
            raise typed_wrong("--to", self.to, f"an instant after {format_instant(now)}: time never goes back")
        try:
            target = self.to or self._later(now)
        except (OverflowError, ValueError):
            target = None
        if target is None or target.year > LAST_YEAR:
            name = next(name for name, given in vars(self).items() if given is not None)
            raise typed_wrong(f"--{name}", getattr(self, name), f"an instant until the year {LAST_YEAR}")
        return target

    def _later(self, now: datetime) -> datetime:
        if self.months is not None:
            return boundary(now, self.months, AnchorRule.CLAMP)
        return now + timedelta(days=self.days or 0)

    def target_of_many(self, now: datetime) -> datetime | None:
        """The same, None if it has passed."""
        return None if self.to is not None and self.to < now else self.target(now)


@with_options
def advance(whose: Whose, how_far: HowFar, reading: Reading) -> None:
    """Advance test clocks, milestone by milestone, by any number of days, months or years.

    Everything that is to happen by then happens, in order: renewals, invoices, reminders, notifications. What is moved
    must have been bought with a test clock (`buy --test-clock`), on a server that can skip time, such as that of
    `worker --dev`. Of a customer, account and subscriptions move together, so that an invoice holds what was charged
    before it was closed. One subscription by itself leaves its account behind: invoices follow when the customer is
    advanced. Time never goes back.

    Example: clock advance fabrikam --months 14
    """
    whose.check()
    how_far.check()
    if whose.everyone:
        _report_all(use(lambda perennial: _advance_all(perennial.sources, how_far), reading.address), reading.as_json)
        return
    of, work = (
        ("customer", _advance_customer) if whose.customer is not None else ("subscription", _advance_subscription)
    )
    name = whose.customer or whose.subscription or ""
    reached, living = use(lambda perennial: work(perennial.sources, name, how_far), reading.address)
    if reading.as_json:
        print_json({of: name, "now": format_instant(reached), "subscriptions": living})
    elif of == "customer":
        words = f"{name}: it is {moment(reached)} for its account and {counted(len(living), 'living subscription')}."
        say(f"{words} See: {program()} account show {name}")
    else:
        state = "" if living else ", and it has ended"
        say(f"{name}: it is {moment(reached)}{state}. See: {program()} events {name}")


async def _advance_customer(sources: Sources, customer: str, how_far: HowFar) -> tuple[datetime, list[str]]:
    with Progress() as progress:
        travel = await travel_of(sources, customer, lambda day: progress.note(KEY, day))
        target = how_far.target(await travel.now())
        progress.begin(KEY, f"{customer} advances to {target:%Y-%m-%d}")
        with stopped_with(lambda: [_on_its_way(customer, customer, target)]):
            await travel.advance(target)
        progress.end(KEY)
    return target, travel.subscriptions


async def _advance_subscription(sources: Sources, subscription: str, how_far: HowFar) -> tuple[datetime, list[str]]:
    with Progress() as progress:
        clock = await one_clock(sources, subscription)
        target = how_far.target(await clock.now())
        progress.begin(KEY, f"{subscription} advances to {target:%Y-%m-%d}")
        with stopped_with(lambda: [_on_its_way(subscription, f"--subscription {subscription}", target)]):
            lives = await clock.advance(target)
        progress.end(KEY)
    return target, [subscription] if lives else []


async def _advance_all(sources: Sources, how_far: HowFar) -> Moved:
    moved = Moved()

    def note(now: Moved) -> None:
        nonlocal moved
        moved = now
        progress.note(KEY, _done(now))

    with stopped_with(lambda: _far(moved, how_far)), Progress() as progress:
        progress.begin(KEY, "all customers with test clocks advance")
        await advance_all(sources, how_far.target_of_many, note)
        progress.end(KEY)
    return moved


def _done(moved: Moved) -> str:
    return f"{moved.done:,} of {counted(len(moved.everyone), 'customer')}"


def _far(moved: Moved, how_far: HowFar) -> Iterator[str]:
    """How far the customers are, and how to go on: by days or months, nobody may be moved a second time."""
    if how_far.to is not None:
        yield f"Advanced: {_done(moved)}. To go on: {typed()}"
        return
    yield f"Advanced: {_done(moved)}. The same line would advance them once more; to go on:"
    for customer, to in sorted(moved.under_way.items()):
        yield _on_its_way(customer, customer, to)
    if moved.waiting:
        far = f"--days {how_far.days}" if how_far.days is not None else f"--months {how_far.months}"
        yield f"Not begun, each by itself: {program()} clock advance CUSTOMER {far}, of {', '.join(moved.waiting)}"


def _on_its_way(name: str, argument: str, to: datetime) -> str:
    # The server ends a leap that it has begun: then this line is refused, for time never goes back.
    again = f"{program()} clock advance {argument} --to {format_instant(to)}"
    return f"{name} is on its way to {moment(to)}, or there already. To go on: {again}"


def _report_all(moved: Moved, as_json: bool) -> None:
    """Print who was moved. Raises Failure if somebody was left out."""
    if as_json:
        print_json(_document(moved))
    else:
        living = sum(len(subscriptions) for _, subscriptions in moved.customers.values())
        of = f"{counted(len(moved.customers), 'customer')} with {counted(living, 'living subscription')}"
        say(f"{of} advanced.")
    if moved.left_out:
        raise Failure(*(printable(f"Left out: {name}: {why}") for name, why in sorted(moved.left_out.items())))


def _document(moved: Moved) -> dict[str, Any]:
    return {
        "customers": [
            {"customer": customer, "now": format_instant(now), "subscriptions": subscriptions}
            for customer, (now, subscriptions) in sorted(moved.customers.items())
        ],
        "left_out": [{"customer": customer, "why": why} for customer, why in sorted(moved.left_out.items())],
    }
