"""`usage report` and `usage import`: what was used goes to the usage book, never through a workflow's history."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from cli.options import Asking, SubscriptionId, an_instant, exact_decimal, some_id, with_options
from domain.subscription.commands import ReportUsage

if TYPE_CHECKING:
    from activities.billing.contracts import UsageImported

KEY = "usage"
BATCH = 1_000
"""How many reports are recorded in one transaction."""


@with_options
def report(
    subscription: SubscriptionId,
    units: Annotated[Decimal, Argument(metavar="UNITS", parser=exact_decimal, help="How much was used.")],
    usage_id: Annotated[
        str, Option(parser=some_id, metavar="ID", help="Which report this is: told again, it counts once (MON-7).")
    ],
    asking: Asking,
    used_at: Annotated[
        datetime | None,
        Option(parser=an_instant, metavar="INSTANT", help="When it was used.", show_default="now"),
    ] = None,
) -> None:
    """Report what was used; it is billed at the period's end (SUS-10).

    What was used in a period that is billed already goes on the next charge.
    """
    from cli.books import opened_books
    from cli.printing import answer as answers
    from cli.running import run
    from cli.server import connected
    from cli.subscription.asking import built
    from domain.subscription.decision import Answer
    from perennial.rehearsal.scenario_runner import report_usage

    command = built(ReportUsage, asking, units=units, usage_id=usage_id, used_at=used_at)

    async def ask() -> Answer:
        async with opened_books() as books:
            return await report_usage(await connected(asking.address), books.usage, subscription, command)

    answers.report(run(ask()), as_json=asking.as_json)


@with_options
def import_usage(
    subscription: SubscriptionId,
    file: Annotated[
        Path, Argument(metavar="FILE", help="A CSV file with the columns usage_id, units and, if told later, used_at.")
    ],
    asking: Asking,
) -> None:
    """Report usage in bulk, from a CSV file: each usage_id counts once, so that a file can be sent again (MON-7).

    If any line is faulty nothing is recorded. A file that is stopped on its way goes on where it is sent again.
    """
    from cli.printing.screen import console, print_json
    from cli.running import run
    from cli.subscription.usage_file import reports_in

    done = run(_import(subscription, reports_in(file, by=asking.by, actor=asking.actor), asking))
    if asking.as_json:
        print_json({"subscription_id": subscription, **done.model_dump()})
    else:
        console().print(f"{subscription}: {done.recorded:,} recorded, {done.known:,} known already.", soft_wrap=True)


async def _import(subscription: str, reports: list[ReportUsage], asking: Asking) -> UsageImported:
    from activities.billing.contracts import UsageImported
    from cli.books import opened_books
    from cli.failure import Failure
    from cli.printing.answer import refusal
    from cli.printing.progress import Progress
    from cli.server import connected
    from domain.subscription.decision import Outcome

    server = await connected(asking.address)
    done = UsageImported()
    async with opened_books() as books:
        with Progress() as progress:
            progress.begin(KEY, f"usage of {subscription}")
            # The earliest and the latest speak for those between them.
            for end in (min(reports, key=_place), max(reports, key=_place)):
                answer = await server.preview(subscription, end)
                if answer.outcome is Outcome.REFUSED:
                    raise Failure(refusal(answer), "Nothing was recorded.")
            for start in range(0, len(reports), BATCH):
                done += await books.usage.report_usages(subscription, reports[start : start + BATCH], answer)
                progress.note(KEY, f"{min(start + BATCH, len(reports)):,} of {len(reports):,}")
            progress.end(KEY)
    return done


def _place(report: ReportUsage) -> tuple[bool, float]:
    """What says no time was used now, after all that does."""
    return report.used_at is None, report.used_at.timestamp() if report.used_at else 0.0
