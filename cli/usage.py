"""`usage report`: what was used goes to the usage book, never through a workflow's history."""

from decimal import Decimal
from typing import Annotated

from typer import Argument, Option

from cli.option_groups import with_options
from cli.options import Asking, SubscriptionId, exact_decimal, some_id
from domain.commands import ReportUsage


@with_options
def report(
    subscription: SubscriptionId,
    units: Annotated[Decimal, Argument(metavar="UNITS", parser=exact_decimal, help="How much was used.")],
    usage_id: Annotated[
        str, Option(parser=some_id, metavar="ID", help="Which report this is: told again, it counts once (MON-7).")
    ],
    asking: Asking,
) -> None:
    """Report what was used; it is billed at the period's end (SUS-10)."""
    from cli import answer as answers
    from cli.asking import built
    from cli.books import opened_books
    from cli.running import run
    from cli.server import connected
    from domain.decision import Answer
    from workflows.live import report_usage

    command = built(ReportUsage, asking, units=units, usage_id=usage_id)

    async def ask() -> Answer:
        async with opened_books() as books:
            return await report_usage(await connected(asking.address), books.writer, subscription, command)

    answers.report(run(ask()), as_json=asking.as_json)
