"""Take running subscriptions over from another system: judged wholly first, then written, then started (MOV-1)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from activities.billing.contracts import Origin, RecordInput
from activities.errors import ServerUnavailable
from activities.takeover.contracts import TakeoverInput
from domain.account.requests import MOST_AT_ONCE, TakeOverInvoices
from domain.next_step import PerennialError
from domain.takeover.row import TakeoverRow
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from statemachines.audit.findings import Status
from statemachines.takeover.judging import Plan, RowFault, judged, named_by
from statemachines.takeover.takeover import Takeover
from workflows.account.messages import StartAccount
from workflows.calls.errors import AlreadyExists, NotAnswered
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import account_workflow_id, subscription_workflow_id
from workflows.subscription.messages import Rebuild

BATCH = 100
"""How many are written in one transaction."""
AT_ONCE = 32
"""How many workflows are started at a time."""
AT_ONCE_THEN = 4
"""How many at a time of those that were not answered in time."""
UNANSWERED = (NotAnswered, ServerUnavailable)
NOTE = "taken over from another system"
Watch = Callable[[str, int, int], None]
"""Is called with the step, how many of it are done, and of how many."""
WRITE, INVOICES, START = "write", "invoices", "start"
RUNNING = Status.RUNNING


@dataclass
class Imported:
    """How many were new to the books, known already, and started, and how many open invoices were taken over.

    `failed` says by the ids of workflows why they did not start, or did not take an invoice.
    """

    new: int = 0
    known: int = 0
    started: int = 0
    invoices: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class TakeoverRefused(PerennialError):
    """Rows that cannot be taken over, with every fault of each: nothing was written."""

    def __init__(self, faults: Sequence[RowFault]) -> None:
        super().__init__("; ".join(f"row {index + 1}: {fault}" for index, fault in faults))
        self.faults = faults


class NotTakenOver(PerennialError):
    """An account refuses an open invoice."""


class TakeoverImport:
    """Raises BooksUnavailable, SchemaMismatch, ServerUnreachable and RPCError."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def check(self, rows: Sequence[TakeoverRow], by: str, actor: str | None = None) -> Plan:
        """What an import of the rows would do. Writes nothing. Raises TakeoverRefused with every fault."""
        books = await self._sources.books()
        found = judged(rows, await books.takeovers.standing(named_by(rows)), self._sources.now(), by, actor)
        if isinstance(found, Plan):
            return found
        raise TakeoverRefused(found)

    async def run(self, plan: Plan, operator: Operator, watch: Watch = lambda *_: None) -> Imported:
        """Write what the books lack, in batches, and start what does not run; wait until it does.

        Stopped at any point it goes on where it was when the same rows are imported again: what is written is known,
        and what runs is left alone. Raises BooksConflict if another import was quicker.
        """
        await self._sources.server()
        done = Imported(known=plan.known)
        await self._write(plan.new, done, watch)
        await self._start(plan, operator, done, watch)
        return done

    async def _write(self, new: Sequence[Takeover], done: Imported, watch: Watch) -> None:
        books, now = await self._sources.books(), self._sources.now()
        for first in range(0, len(new), BATCH):
            batch = []
            for each in new[first : first + BATCH]:
                entry = RecordInput.of(each.subscription, each.record, Origin(invoiced=True))
                assert entry.opens is not None
                # Its months are closed from now on: what came before was billed elsewhere.
                opens = entry.opens.model_copy(update={"at": now})
                batch.append(
                    TakeoverInput(entry=entry.model_copy(update={"opens": opens}), claims=each.claims, usage=each.usage)
                )
            done.new += await books.takeovers.take(batch)
            watch(WRITE, first + len(batch), len(new))

    async def _start(self, plan: Plan, operator: Operator, done: Imported, watch: Watch) -> None:
        """Start the accounts, then the subscriptions, that the server's list does not show as running.

        Between them the accounts take the open invoices over: a payment may come once a subscription runs.
        """
        server = await self._sources.server()
        accounts = await _idle(server, {account_workflow_id(each): each for each in plan.customers})
        await self._each(accounts, self._open_account, done, lambda _: None)
        owing, number = {account_workflow_id(each): each for each in plan.invoices}, len(plan.invoices)

        async def owe(customer_id: str) -> None:
            await self._owe(plan, customer_id, done)

        await self._each(owing, owe, done, lambda tried: watch(INVOICES, tried, number))
        waiting = await _idle(server, {subscription_workflow_id(each): each for each in plan.living})
        note = operator.model_copy(update={"note": operator.note or NOTE})

        async def start(subscription_id: str) -> None:
            await _rebuild(server, subscription_id, note)
            done.started += 1

        await self._each(waiting, start, done, lambda number: watch(START, number, len(waiting)))

    async def _each(
        self,
        waiting: dict[str, str],
        start: Callable[[str], Awaitable[None]],
        done: Imported,
        watch: Callable[[int], None],
    ) -> None:
        """Start each. What was not answered, as on a machine that is busy with the others, is tried once more."""
        failures = await _tried(waiting, AT_ONCE, start, watch)
        late = {each: waiting[each] for each, error in failures.items() if isinstance(error, UNANSWERED)}
        failures = {each: error for each, error in failures.items() if each not in late}
        failures |= await _tried(late, AT_ONCE_THEN, start, lambda _: None)
        done.failed |= {each: str(error) for each, error in failures.items()}

    async def _owe(self, plan: Plan, customer_id: str, done: Imported) -> None:
        """Have the account owe the customer's open invoices; one that it owes already changes nothing (MOV-6)."""
        server, invoices = await self._sources.server(), plan.invoices[customer_id]
        for first in range(0, len(invoices), MOST_AT_ONCE):
            some = invoices[first : first + MOST_AT_ONCE]
            request = TakeOverInvoices(by=plan.by, actor=plan.actor, invoices=some)
            answer = await server.accounts.ask(customer_id, request)
            if answer.refused:
                raise NotTakenOver(answer.message)
            done.invoices += len(some)

    async def _open_account(self, customer_id: str) -> None:
        books, server = await self._sources.books(), await self._sources.server()
        opening = await books.workflows.opening(customer_id)
        if opening is not None:
            await server.accounts.open(StartAccount.of(opening))


async def _tried(
    waiting: dict[str, str], at_once: int, start: Callable[[str], Awaitable[None]], watch: Callable[[int], None]
) -> dict[str, Exception]:
    """Start each, so many at once; what has failed. After as many in a row without an answer the rest is not asked."""
    window, tried, unanswered = asyncio.Semaphore(at_once), 0, 0
    failures: dict[str, Exception] = {}

    async def one(workflow_id: str, its_id: str) -> None:
        nonlocal tried, unanswered
        async with window:
            try:
                if unanswered >= at_once:
                    raise NotAnswered(f"not asked: {at_once} before it were not answered")
                await start(its_id)
                unanswered = 0
            except UNANSWERED as error:
                failures[workflow_id], unanswered = error, unanswered + 1
            except PerennialError as error:
                failures[workflow_id], unanswered = error, 0
            tried += 1
            watch(tried)

    await asyncio.gather(*(one(*each) for each in waiting.items()))
    return failures


async def _idle(server: Server, ids: dict[str, str]) -> dict[str, str]:
    """Those of the ids, by workflow, whose workflow does not run by the server's list, which lags a little."""
    listed = await server.runs.listed(list(ids))
    return {each: its_id for each, its_id in ids.items() if each not in listed or listed[each].status is not RUNNING}


async def _rebuild(server: Server, subscription_id: str, operator: Operator) -> None:
    request = Rebuild(
        **operator.model_dump(),
        subscription_id=subscription_id,
        spread_seconds=int(server.spread.total_seconds()),
        periods_per_run=server.periods_per_run,
    )
    try:
        await server.subscriptions.rebuild(request)
    except AlreadyExists:
        return  # the server's list lags, or it has ended since
    await server.subscriptions.rebuilt(subscription_id)
