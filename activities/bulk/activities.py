"""The activities of bulk operations: send a batch of items, and record how the operation stands."""

import asyncio
from collections.abc import Sequence

from temporalio import activity

from activities.bulk.contracts import BatchInput, Sent, StateInput
from activities.bulk.ports import BulkItems, ItemSender
from activities.errors import Permanent, Transient, reported
from activities.fan_out import for_each
from domain.bulk.items import Item, ItemStatus
from domain.bulk.totals import Totals

PATIENCE = 6
"""On this attempt (about 30 s after the first), an item that still cannot be reached has failed."""

NOTED_AT_ONCE = 40
"""How many results are recorded in one transaction, while a batch is under way."""


class BulkActivities:
    """Sends items, and records their results. Every attempt takes the items that still wait.

    Raises ApplicationError: of type BooksConflict, not retryable, if the books do not have the operation; of type
    ServerUnavailable, BooksUnavailable or SchemaMismatch, retryable.
    """

    def __init__(self, items: BulkItems, sender: ItemSender) -> None:
        self._items = items
        self._sender = sender

    @activity.defn(name="send_bulk")
    async def send(self, batch: BatchInput) -> Sent:
        """Send the next items that wait, and record what became of each.

        Up to attempt PATIENCE, an unreachable one then fails the activity, so that it is retried. Nothing is sent of an
        operation that has ended.
        """
        with reported():
            bulk_id = batch.bulk_id
            state = await self._items.state(bulk_id)
            if state.final:
                return Sent(tried=0, totals=await self._items.totals(bulk_id), state=state)
            if batch.again:
                await self._items.wait_again(bulk_id)
            waiting = await self._items.waiting(bulk_id, batch.limit)
            sending, tried, troubles = _Batch(self._sender, batch), 0, list[Transient]()
            for first in range(0, len(waiting), NOTED_AT_ONCE):
                results = await sending.sent(waiting[first : first + NOTED_AT_ONCE])
                known = [result for result in results if isinstance(result, Item)]
                await self._items.note(bulk_id, known)
                tried += len(known)
                troubles += [result for result in results if isinstance(result, Transient)]
            if troubles:
                raise troubles[0]
            return Sent(tried=tried, totals=await self._items.totals(bulk_id), state=state)

    @activity.defn(name="note_bulk")
    async def note(self, entry: StateInput) -> Totals:
        """Record the operation's state, and return its totals. One that has ended stays as it is."""
        with reported():
            await self._items.note_state(entry)
            return await self._items.totals(entry.bulk_id)


class _Batch:
    """Sends one batch, at equal intervals; it ends early where too many fail."""

    def __init__(self, sender: ItemSender, batch: BatchInput) -> None:
        self._sender = sender
        self._most = self._left = batch.most_failed
        self._troubles = 0
        self._interval, self._next_turn = 1 / batch.per_second, 0.0
        self._last_try = activity.info().attempt >= PATIENCE

    async def sent(self, items: Sequence[Item]) -> list[Item | Transient | None]:
        """What became of each; None where it was not tried."""
        return await for_each(items, self._send)

    async def _send(self, item: Item) -> Item | Transient | None:
        await self._turn()
        if self._left <= 0 or self._troubles >= self._most:
            return None
        try:
            return await self._sender.send(item)
        except Permanent as error:
            return self._failed(item, str(error))
        except Transient as trouble:
            if self._last_try:
                return self._failed(item, str(trouble))
            self._troubles += 1
            return trouble

    def _failed(self, item: Item, words: str) -> Item:
        self._left -= 1
        return item.without_answer(ItemStatus.FAILED, words)

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        self._next_turn = max(now, self._next_turn)
        pause, self._next_turn = self._next_turn - now, self._next_turn + self._interval
        await asyncio.sleep(pause)
