"""Report usage: it goes to the books, never through a history, and is billed at the end of its period (SUS-10)."""

from collections.abc import Callable, Sequence

from activities.billing.contracts import UsageImported
from domain.next_step import RefusedByRule
from domain.rules import Rule
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Outcome
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.sources.sources import Sources

BATCH = 1_000
"""How many reports are recorded in one transaction."""


async def report_usage(server: Server, books: Books, subscription_id: str, command: ReportUsage) -> Answer:
    """Record the usage if the subscription accepts it. Raises CallError and BooksUnavailable."""
    answer = await server.subscriptions.preview(subscription_id, command)
    if answer.outcome is not Outcome.DONE:
        return answer
    return await books.usage.report_usage(subscription_id, command, answer)


class Usage:
    """All methods raise CallError, ServerUnreachable, BooksUnavailable and SchemaMismatch."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def report(self, subscription_id: str, command: ReportUsage) -> Answer:
        """Report what was used. The same `usage_id` again counts once (MON-7)."""
        books = await self._sources.books()
        return await report_usage(await self._sources.server(), books, subscription_id, command)

    async def import_reports(
        self,
        subscription_id: str,
        reports: Sequence[ReportUsage],
        progress: Callable[[int], None] = lambda _: None,
    ) -> UsageImported:
        """Record many reports, in batches; `progress` is called with how many are done.

        An import that was stopped goes on when it is sent again, since each `usage_id` counts once (MON-7). Raises
        RefusedByRule where the subscription does not accept the usage, and BooksConflict where a `usage_id` is known
        with other units.
        """
        server = await self._sources.server()
        # The earliest and the latest report stand for those between them.
        for end in (min(reports, key=_when), max(reports, key=_when)):
            answer = await server.subscriptions.preview(subscription_id, end)
            if answer.outcome is Outcome.REFUSED:
                raise RefusedByRule(Rule(answer.rule), answer.message)
        books, done = await self._sources.books(), UsageImported()
        for start in range(0, len(reports), BATCH):
            batch = reports[start : start + BATCH]
            done += await books.usage.report_usages(subscription_id, batch, answer)
            progress(start + len(batch))
        return done


def _when(report: ReportUsage) -> tuple[bool, float]:
    """Reports without an instant were used now: after all others."""
    return report.used_at is None, report.used_at.timestamp() if report.used_at else 0.0
