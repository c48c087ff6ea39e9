"""`usage report` and `usage import`: what was used goes to the usage book, never through a workflow's history."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from cli.failure import Failure
from cli.options import Asking, SubscriptionId, an_instant, exact_decimal, some_id, with_options
from cli.printing import answer as answers
from cli.printing.progress import Progress
from cli.printing.screen import console, print_json
from cli.rule_words import refused_by
from cli.running import stopped_with, use
from cli.start import typed
from cli.subscription.asking import asked, built
from cli.subscription.usage_file import reports_in
from domain.next_step import RefusedByRule
from domain.subscription.commands import ReportUsage

if TYPE_CHECKING:
    from activities.billing.contracts import UsageImported
    from perennial.subscription.usage import Usage

KEY = "usage"


def _report(subscription: str, command: ReportUsage, asking: Asking) -> None:
    answer = use(lambda perennial: perennial.usage.report(subscription, command), asking.address)
    answers.report(answer, as_json=asking.as_json)


@asked(_report)
def report(
    units: Annotated[Decimal, Argument(metavar="UNITS", parser=exact_decimal, help="How much was used.")],
    usage_id: Annotated[
        str, Option(parser=some_id, metavar="ID", help="The report's id: reported again, it counts once (MON-7).")
    ],
    asking: Asking,
    used_at: Annotated[
        datetime | None,
        Option(parser=an_instant, metavar="INSTANT", help="When it was used.", show_default="now"),
    ] = None,
    corrects: Annotated[
        str | None,
        Option(parser=some_id, metavar="ID", help="The report whose units these replace; 0 takes it back (USE-3)."),
    ] = None,
) -> ReportUsage:
    """Report usage; it is billed at the end of its period, at the price of then (SUS-10, USE-2).

    Usage of a period that is already billed goes on the next charge. It is taken exactly if users had access when it
    was used, until 24 hours after the subscription's end (USE-1).

    Example: usage report meter-1 12.5 --usage-id day-7
    """
    return built(ReportUsage, asking, units=units, usage_id=usage_id, used_at=used_at, corrects=corrects)


@with_options
def import_usage(
    subscription: SubscriptionId,
    file: Annotated[
        Path,
        Argument(metavar="FILE", help="A CSV file: the columns usage_id, units and, if wanted, used_at, corrects."),
    ],
    asking: Asking,
) -> None:
    """Report usage from a CSV file. Each usage_id counts once, so a file can be sent again (MON-7).

    If any line is faulty or not taken, nothing is recorded. After an interruption, send the file again.

    Example: usage import meter-1 usage.csv
    """
    reports = reports_in(file, by=asking.by, actor=asking.actor)
    done = use(lambda perennial: _import(perennial.usage, subscription, reports), asking.address)
    if asking.as_json:
        print_json({"subscription_id": subscription, **done.model_dump()})
    else:
        console().print(f"{subscription}: {done.recorded:,} recorded, {done.known:,} known already.", soft_wrap=True)


async def _import(usage: Usage, subscription: str, reports: list[ReportUsage]) -> UsageImported:
    far = f"none of {len(reports):,}"

    def note(recorded: int) -> None:
        nonlocal far
        far = f"{recorded:,} of {len(reports):,}"
        progress.note(KEY, far)

    once = "What was sent may be recorded still; sent again, each counts once"
    with stopped_with(lambda: [f"Recorded: {far}. {once}: {typed()}"]), Progress() as progress:
        progress.begin(KEY, f"usage of {subscription}")

        try:
            done = await usage.import_reports(subscription, reports, note)
        except RefusedByRule as refused:
            raise Failure(refused_by(refused.rule, refused.message), "Nothing was recorded.") from None
        progress.end(KEY)
    return done
