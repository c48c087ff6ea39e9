"""`forecast`: charges, renewals, endings and recurring revenue per month, if nobody sends a command."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from cli.failure import Misused
from cli.options import Json, an_instant, positive_number, some_id, typed_wrong, with_options
from cli.printing.progress import Progress
from cli.printing.screen import amount, console, counted, print_json, say, second
from cli.printing.tables import Csv, one_format, print_columns, print_csv
from cli.running import stopped_with, use
from cli.start import typed
from cli.subscription.forecast_chart import chart
from domain.values import format_decimal, format_instant
from statemachines.preview.portfolio import COUNTED, MOST_MONTHS

if TYPE_CHECKING:
    from activities.billing.contracts import Whose
    from perennial.use_cases import Perennial
    from statemachines.preview.portfolio import MonthSums, PortfolioForecast

KEY = "forecast"
COUNTS = tuple(COUNTED.values())
COLUMNS = ("month", "currency", "charged", "credited", "net", *COUNTS, "active", "mrr", "arr")
HEADINGS = {"expiries": "EXPIRED", "deletions": "DELETED", "conversions": "CONVERTED", "cancellations": "CANCELLED"}
ALWAYS_SHOWN = frozenset({"charged", "renewals", "active", "mrr", "arr"})
"""Other columns of the table are left out if there is nothing in any month."""


@dataclass(frozen=True)
class Of:
    """Whose subscriptions are forecast."""

    customer: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this customer.")] = None
    publisher: Annotated[str | None, Option(parser=some_id, metavar="ID", help="To this publisher's offers.")] = None
    partner: Annotated[str | None, Option(parser=some_id, metavar="ID", help="Of this partner's customers.")] = None

    def whose(self) -> Whose:
        """The filter. Raises Misused for more than one."""
        from activities.billing.contracts import Whose

        given = [f"--{name}" for name, value in vars(self).items() if value is not None]
        if len(given) > 1:
            raise Misused(f"{' and '.join(given)}: give one of them, or none for all subscriptions.")
        return Whose(**vars(self))


def number_of_months(typed: str | int) -> int:
    """Parse how many months to look ahead."""
    number = positive_number(typed)
    if number > MOST_MONTHS:
        raise typed_wrong("--months", number, f"1 to {MOST_MONTHS}")
    return number


@with_options
def forecast(
    of: Of,
    months: Annotated[
        int, Option(parser=number_of_months, metavar="N", help="How many months, with what is left of the first.")
    ] = 12,
    start: Annotated[
        datetime | None,
        Option("--from", parser=an_instant, metavar="INSTANT", help="Begin at this instant.", show_default="now"),
    ] = None,
    as_json: Json = False,
    as_csv: Csv = False,
    as_svg: Annotated[bool, Option("--svg", help="Print a chart, as an SVG image.")] = False,
) -> None:
    """Forecast charges, renewals, endings and recurring revenue per month.

    It is exact, to the cent, if nobody sends a command and invoices are paid in time; of usage, only what is reported
    already is billed. Currencies are never added up. docs/planning.md says what counts as recurring (MRR, ARR).

    Example: forecast --partner northwind --months 24
    """
    one_format(as_json=as_json, as_csv=as_csv, as_svg=as_svg)
    whose = of.whose()
    found = use(lambda perennial: _forecast(perennial, whose, months, start))
    if as_json:
        print_json(document(found))
    elif as_csv:
        rows = (_fields(month) for sums in found.currencies.values() for month in sums)
        print_csv(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])
    elif as_svg:
        sys.stdout.write(chart(found))
    else:
        _print(found)
    if found.left_out:
        left_out = counted(found.left_out, "subscription")
        say(
            f"Left out: {left_out} that cannot be read, or of which an earlier version recorded too little.",
            stderr=True,
        )


async def _forecast(perennial: Perennial, whose: Whose, months: int, start: datetime | None) -> PortfolioForecast:
    far = "nothing"

    def note(done: int, of: int) -> None:
        nonlocal far
        far = f"{done:,} of {counted(of, 'subscription')}"
        progress.note(KEY, far)

    read_only = "A forecast changes nothing; to begin it again"
    with stopped_with(lambda: [f"Forecast: {far}. {read_only}: {typed()}"]), Progress() as progress:
        progress.begin(KEY, "forecast")
        found = await perennial.subscriptions.forecast(whose, months, start, note)
        progress.end(KEY)
    return found


def document(found: PortfolioForecast) -> dict[str, Any]:
    """The forecast, ready for JSON."""
    return {
        "from": format_instant(found.start),
        "to": format_instant(found.ends[-1]),
        "subscriptions": found.subscriptions,
        "left_out": found.left_out,
        "currencies": [
            {"currency": currency, "months": [_fields(month) for month in sums]}
            for currency, sums in found.currencies.items()
        ],
    }


def _fields(month: MonthSums) -> dict[str, Any]:
    money = {name: format_decimal(getattr(month, name)) for name in ("charged", "credited", "net")}
    recurring = {name: format_decimal(getattr(month, name)) for name in ("mrr", "arr")}
    counts = {name: getattr(month, name) for name in COUNTS}
    return {"month": month.name, "currency": month.currency, **money, **counts, "active": month.active, **recurring}


def _print(found: PortfolioForecast) -> None:
    screen = console()
    of = counted(found.subscriptions, "subscription")
    screen.print(f"{of}, from {second(found.start)} to {second(found.ends[-1])} UTC", style="bold", soft_wrap=True)
    if not found.currencies:
        screen.print("Nothing is to come.")
    for currency, sums in found.currencies.items():
        names = [name for name in COLUMNS[2:] if name != "net" and (name in ALWAYS_SHOWN or _any(sums, name))]
        headings = ("MONTH", *(HEADINGS.get(name, name.upper()) for name in names))
        rows = [(month.name, *(_cell(getattr(month, name)) for name in names)) for month in sums]
        screen.print(f"\n{currency}", style="bold")
        print_columns(screen, headings, [*rows, _total(sums, names)], right=headings[1:])


def _any(sums: list[MonthSums], name: str) -> bool:
    return any(getattr(month, name) for month in sums)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else amount(value)


def _total(sums: list[MonthSums], names: list[str]) -> tuple[str, ...]:
    """What can be added up over the months."""
    standing = {"active", "mrr", "arr"}
    cells = ("" if name in standing else _cell(sum(getattr(month, name) for month in sums)) for name in names)
    return "total", *cells
