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
from statemachines.subscription.life import LifeSteps
from statemachines.subscription.not_now import NotNow
from workflows.calls.errors import NotAnswered

BATCH = 1_000
"""How many reports are recorded in one transaction."""


async def report_usage(server: Server, books: Books, subscription_id: str, command: ReportUsage) -> Answer:
    """Record the usage if the subscription accepts it. Raises CallError and BooksUnavailable.

    Of a subscription that is suspended or has ended, the unbilled usage is counted before this returns (USE-2), also
    when a report is repeated: the first time may have stopped between the two.
    """
    answer = await server.subscriptions.preview(subscription_id, command)
    if answer.outcome is not Outcome.DONE:
        return answer
    answer = await books.usage.report_usage(subscription_id, command, answer)
    if not answer.refused:
        await _recounted(server, books, subscription_id, command.usage_id)
    return answer


async def _recounted(server: Server, books: Books, subscription_id: str, usage_id: str) -> None:
    listed = await books.known(subscription_id)
    if not listed.state.users_have_access:
        await server.subscriptions.recount_usage(subscription_id, usage_id)


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
        RefusedByRule, naming the report, where the subscription does not accept one; then none is recorded. Raises
        BooksConflict, naming it too, where a `usage_id` is known with other units (MON-7) or a correction is refused
        (USE-3): none of its batch is recorded.
        """
        server, books = await self._sources.server(), await self._sources.books()
        details = await server.subscriptions.details(subscription_id)
        life, steps = await server.subscriptions.life(subscription_id), LifeSteps()
        try:
            life = steps.settle(life, details.now)
        except NotNow as not_now:
            raise NotAnswered(str(not_now)) from None
        for report in reports:
            _, answer = steps.accept(life, report, details.now)
            if answer.refused:
                raise RefusedByRule(Rule(answer.rule), f"usage_id {report.usage_id}: {answer.message}")
        done = UsageImported()
        for start in range(0, len(reports), BATCH):
            batch = reports[start : start + BATCH]
            done += await books.usage.report_usages(subscription_id, batch, answer)
            progress(start + len(batch))
        await _recounted(server, books, subscription_id, reports[-1].usage_id)
        return done
