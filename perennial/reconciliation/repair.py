"""Start again what does not run any more, and give the books back what only histories have."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from activities.errors import ServerUnavailable
from domain.next_step import PerennialError
from perennial.reconciliation.backfill import backfill
from perennial.reconciliation.reconciliation import Report
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from statemachines.audit.findings import Cure, Finding, Noun
from workflows.account.messages import StartAccount
from workflows.calls.errors import AlreadyExists
from workflows.durable.operator import Operator
from workflows.subscription.messages import Rebuild

AT_ONCE = 8
"""How many are started at a time."""


@dataclass
class Repaired:
    """What was cured, by how it was, and why others were not: reasons by workflow id.

    `written` are the writes that the books lacked, by the kind of what was written.
    """

    done: dict[Cure, int] = field(default_factory=lambda: dict.fromkeys(Cure, 0))
    failed: dict[str, str] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)

    def left(self, findings: Sequence[Finding]) -> list[Finding]:
        """Those of the findings that it has not cured."""
        return [each for each in findings if each.cure is None or each.workflow_id in self.failed]


class Repair:
    """Raises ServerUnreachable, RPCError, BooksUnavailable and SchemaMismatch."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def run(self, report: Report, operator: Operator, watch: Callable[[int], None] = lambda _: None) -> Repaired:
        """Write what the books lack; start again what does not run, and wait until it goes on.

        Whatever runs by then is left alone, so a repair can be run again at any time. A worker must run for it. What is
        due happens at once, with the dates that it was due at. `watch` is called with the number of workflows so far.
        """
        server, books = await self._sources.server(), await self._sources.books()
        repaired, window, tried = Repaired(), asyncio.Semaphore(AT_ONCE), 0

        async def cure(finding: Finding, by: Cure) -> None:
            nonlocal tried
            async with window:
                try:
                    await _start(server, books, finding, by, operator)
                    repaired.done[by] += 1
                except (PerennialError, ServerUnavailable) as error:
                    repaired.failed[finding.workflow_id] = str(error)
                tried += 1
                watch(tried)

        lacking = [each for each in report.findings if each.cure is Cure.BACKFILL]
        if lacking:
            made = await backfill(server, books, lacking)
            repaired.written, repaired.failed = made.written, made.refused
            repaired.done[Cure.BACKFILL] = len({each.workflow_id for each in lacking} - made.refused.keys())
            watch(tried := len(lacking))
        gone = [each for each in report.findings if each.cure not in {None, Cure.BACKFILL}]
        await asyncio.gather(*(cure(each, each.cure) for each in gone if each.cure))
        return repaired


async def _start(server: Server, books: Books, finding: Finding, cure: Cure, operator: Operator) -> None:
    match cure, finding.noun:
        case Cure.RESUME, _:
            assert finding.run_id is not None
            await server.runs.resume(finding.workflow_id, finding.run_id, f"{operator.by}: {operator.note}")
        case Cure.DELIVER, _:
            left = await books.workflows.undelivered(finding.id)
            if left is not None:
                await server.notifications.deliver(left)
        case Cure.REBUILD, Noun.SUBSCRIPTION:
            spread = int(server.spread.total_seconds())
            await _rebuild(server, Rebuild(**operator.model_dump(), subscription_id=finding.id, spread_seconds=spread))
        case Cure.REBUILD, Noun.BULK:
            operation = await books.bulks.operation(finding.id)
            if operation is not None and not operation.state.final:
                await server.bulks.carry_out(operation)
        case Cure.REBUILD, Noun.ACCOUNT:
            opening = await books.workflows.opening(finding.id)
            if opening is not None:
                # Its workflow takes from the books what they know of it.
                await server.accounts.open(StartAccount.of(opening))
                await server.accounts.details(finding.id)


async def _rebuild(server: Server, request: Rebuild) -> None:
    try:
        await server.subscriptions.rebuild(request)
    except AlreadyExists:
        return  # somebody was quicker
    await server.subscriptions.rebuilt(request.subscription_id)
