"""Write again what an older copy of the books lacks: the workflows' histories have it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from activities.accounts.contracts import AccountOpening, AccountRecordInput, CloseInput, HoldInput, LiftInput
from activities.billing.contracts import KeepInput, RecordInput
from activities.errors import Permanent
from activities.orders.contracts import LineStatus, OpenInput, PlaceInput, StartInput
from activities.provisioning.contracts import ProvisionInput
from domain.values import Frozen
from perennial.reconciliation.writes import Write, Writes
from perennial.sources.books import Books
from perennial.sources.server import Server
from statemachines.audit.findings import Finding

AT_ONCE = 8
"""How many histories are read at a time."""


@dataclass
class Backfilled:
    """How many writes the books lacked, by the kind of what was written, and why others could not be made.

    After a refusal the later writes of its workflow are left out.
    """

    written: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)
    """Reasons by workflow id."""


async def backfill(server: Server, books: Books, findings: Sequence[Finding]) -> Backfilled:
    """Make the writes again that the books lack by the findings, and those of orders that they lack.

    They are made in the order in which they were made first, each in one transaction and only if it comes out as it
    did then. What is not in histories is not written: usage reports, carts, and imports of the catalog. Raises
    RPCError, BooksUnavailable and SchemaMismatch.
    """
    made = Backfilled()
    for write in await _lacking(server, books, findings):
        if write.workflow_id in made.refused:
            continue
        try:
            if await books.backfill.write(write.entry, write.result):
                made.written[_KINDS[type(write.entry)]] += 1
        except Permanent as error:
            made.refused[write.workflow_id] = str(error)
    return made


_KINDS: dict[type[Frozen], str] = {
    OpenInput: "order",
    PlaceInput: "order line",
    StartInput: "bought line",
    RecordInput: "event",
    KeepInput: "change without event",
    ProvisionInput: "change of access",
    AccountOpening: "opened account",
    CloseInput: "closed month",
    AccountRecordInput: "account event",
    HoldInput: "hold",
    LiftInput: "lifted hold",
}


async def _lacking(server: Server, books: Books, findings: Sequence[Finding]) -> list[Write]:
    """All writes that the books may lack, in the order in which workflows learned that they were made."""
    writes, window = Writes(server.client), asyncio.Semaphore(AT_ONCE)

    async def of(workflow_id: str, run_id: str, recorded: int) -> list[Write]:
        async with window:
            return await writes.of(workflow_id, run_id, recorded)

    ahead = [(each.workflow_id, each.run_id, each.recorded or 0) for each in findings if each.run_id]
    orders = [(name, run, 0) async for name, run in server.runs.every("OrderWorkflow") if await _unsure(books, name)]
    found = await asyncio.gather(*(of(*each) for each in (*orders, *ahead)))
    return sorted((write for each in found for write in each), key=lambda write: write.at)


async def _unsure(books: Books, workflow_id: str) -> bool:
    """Whether the order may lack something. One with a refused line may have been sent again."""
    order = await books.orders.order(workflow_id.partition(":")[2])
    return order is None or any(line.status is not LineStatus.BOUGHT for line in order.lines)
