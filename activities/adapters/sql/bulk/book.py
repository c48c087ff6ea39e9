"""Bulk operations and their items: begun once, noted item by item, read as a report."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, tuple_, update

from activities.adapters.sql import locks
from activities.adapters.sql.bulk.selection import matching, unknown
from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.tables.bulk import bulk_item, bulk_operation
from activities.bulk.contracts import StateInput
from activities.errors import BooksConflict
from activities.wall_clock import wall_clock
from domain.bulk.items import Item, ItemStatus
from domain.bulk.operations import NOT_DONE, BulkState, Operation, Refusals, in_order
from domain.bulk.requests import Selection
from domain.bulk.totals import Sum, Totals
from domain.money import Money, from_minor, to_minor

_FINAL = [state.value for state in BulkState if state.final]
_NOTED = ("status", "outcome", "rule", "message", "currency", "credit_minor", "charge_minor", "at")
_NOTE = (
    update(bulk_item)
    .where(
        bulk_item.c.bulk_id == bindparam("of_bulk"),
        bulk_item.c.position == bindparam("of_position"),
        bulk_item.c.status == ItemStatus.WAITING.value,
    )
    .values({name: bindparam(name, type_=bulk_item.c[name].type) for name in _NOTED})
)


class SqlBulks:
    """The ports `BulkItems` and `BulkBook`. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def matching(self, selection: Selection) -> list[str]:
        return await self._database.read(matching, selection)

    async def unknown(self, subscription_ids: Sequence[str]) -> set[str]:
        return await self._database.read(unknown, subscription_ids)

    async def begin(self, operation: Operation, items: Sequence[Item]) -> Operation:
        """Write the operation and its items in one transaction; one that is there already is returned as it is."""
        return await self._database.write_under([locks.bulk(operation.bulk_id)], _begin, operation, items)

    async def operation(self, bulk_id: str) -> Operation | None:
        found = await self._database.read(_operations, select(bulk_operation).where(bulk_operation.c.id == bulk_id))
        return found[0] if found else None

    async def operations(self, limit: int = PAGE_SIZE, after: str | None = None) -> list[Operation]:
        place = tuple_(bulk_operation.c.started_at, bulk_operation.c.id)
        newest_first = (bulk_operation.c.started_at.desc(), bulk_operation.c.id.desc())
        wanted = select(bulk_operation).order_by(*newest_first).limit(limit)
        if after is not None:
            started_at = select(bulk_operation.c.started_at).where(bulk_operation.c.id == after).scalar_subquery()
            wanted = wanted.where(place < tuple_(started_at, after))
        return await self._database.read(_operations, wanted)

    async def items(
        self, bulk_id: str, statuses: Collection[ItemStatus] = (), limit: int = PAGE_SIZE, after: int = 0
    ) -> list[Item]:
        wanted = select(bulk_item).where(bulk_item.c.bulk_id == bulk_id, bulk_item.c.position > after)
        if statuses:
            wanted = wanted.where(bulk_item.c.status.in_([status.value for status in statuses]))
        return await self._database.read(_items, wanted.order_by(bulk_item.c.position).limit(limit))

    async def refusals(self, bulk_id: str) -> list[Refusals]:
        return await self._database.read(_refusals, bulk_id)

    async def state(self, bulk_id: str) -> BulkState:
        found = await self.operation(bulk_id)
        if found is None:
            raise BooksConflict(f"There is no bulk operation {bulk_id} in the books.")
        return found.state

    async def wait_again(self, bulk_id: str) -> None:
        await self._database.write_under([locks.bulk(bulk_id)], _wait_again, bulk_id)

    async def waiting(self, bulk_id: str, limit: int) -> list[Item]:
        return await self.items(bulk_id, [ItemStatus.WAITING], limit)

    async def note(self, bulk_id: str, items: Sequence[Item]) -> None:
        await self._database.write_under([locks.bulk(bulk_id)], _note, bulk_id, items)

    async def totals(self, bulk_id: str) -> Totals:
        return await self._database.read(_totals, bulk_id)

    async def note_state(self, entry: StateInput) -> None:
        ended_at = wall_clock() if entry.state.final else None
        await self._database.write_under([locks.bulk(entry.bulk_id)], _note_state, entry, ended_at)


def _begin(connection: Connection, operation: Operation, items: Sequence[Item]) -> Operation:
    itself = select(bulk_operation).where(bulk_operation.c.id == operation.bulk_id)
    if known := _operations(connection, itself):
        return known[0]
    connection.execute(
        insert(bulk_operation).values(
            id=operation.bulk_id,
            started_at=operation.started_at,
            digest=operation.request.digest,
            request=operation.request,
            shown=operation.shown,
            per_second=operation.per_second,
            state=operation.state.value,
        )
    )
    rows = [
        {"bulk_id": operation.bulk_id, "position": item.position, "subject": item.subject, "ask": item.ask}
        | _columns(item)
        for item in items
    ]
    connection.execute(insert(bulk_item), rows)
    return operation


def _wait_again(connection: Connection, bulk_id: str) -> None:
    failed = (bulk_item.c.bulk_id == bulk_id) & (bulk_item.c.status == ItemStatus.FAILED.value)
    connection.execute(update(bulk_item).where(failed).values(status=ItemStatus.WAITING.value))


def _note(connection: Connection, bulk_id: str, items: Sequence[Item]) -> None:
    if items:
        rows = [{"of_bulk": bulk_id, "of_position": item.position} | _columns(item) for item in items]
        connection.execute(_NOTE, rows)


def _columns(item: Item) -> dict[str, Any]:
    return {
        "status": item.status.value,
        "outcome": item.outcome and item.outcome.value,
        "rule": item.rule,
        "message": item.message,
        "currency": item.currency,
        "credit_minor": _minor(item.credit),
        "charge_minor": _minor(item.charge),
        "at": item.at,
    }


def _note_state(connection: Connection, entry: StateInput, ended_at: datetime | None) -> None:
    open_still = (bulk_operation.c.id == entry.bulk_id) & bulk_operation.c.state.not_in(_FINAL)
    now = {"state": entry.state.value, "reason": entry.reason, "per_second": entry.per_second, "ended_at": ended_at}
    connection.execute(update(bulk_operation).where(open_still).values(now))


def _operations(connection: Connection, wanted: Select[Any]) -> list[Operation]:
    return [
        Operation(
            bulk_id=row.id,
            request=row.request,
            started_at=row.started_at,
            shown=row.shown,
            per_second=row.per_second,
            state=BulkState(row.state),
            reason=row.reason,
            ended_at=row.ended_at,
        )
        for row in connection.execute(wanted)
    ]


def _items(connection: Connection, wanted: Select[Any]) -> list[Item]:
    return [_item(row) for row in connection.execute(wanted)]


def _item(row: Row[Any]) -> Item:
    return Item(
        position=row.position,
        subject=row.subject,
        status=ItemStatus(row.status),
        ask=row.ask,
        outcome=row.outcome,
        rule=row.rule,
        message=row.message,
        credit=_money(row.credit_minor, row.currency),
        charge=_money(row.charge_minor, row.currency),
        at=row.at,
    )


def _totals(connection: Connection, bulk_id: str) -> Totals:
    kind = (bulk_item.c.status, bulk_item.c.outcome, bulk_item.c.currency)
    sums = (func.count(), *(func.coalesce(func.sum(bulk_item.c[name]), 0) for name in ("credit_minor", "charge_minor")))
    found = connection.execute(select(*kind, *sums).where(bulk_item.c.bulk_id == bulk_id).group_by(*kind))
    return Totals.in_order(
        Sum(
            status=ItemStatus(status),
            outcome=outcome,
            currency=currency,
            items=items,
            credit=int(credit),
            charge=int(charge),
        )
        for status, outcome, currency, items, credit, charge in found
    )


def _refusals(connection: Connection, bulk_id: str) -> list[Refusals]:
    """What was not done, by status and rule, each with its first item."""
    kind = (bulk_item.c.status, bulk_item.c.rule)
    grouped = (
        select(func.count().label("items"), func.min(bulk_item.c.position).label("first"))
        .where(bulk_item.c.bulk_id == bulk_id, bulk_item.c.status.in_([status.value for status in NOT_DONE]))
        .group_by(*kind)
        .subquery()
    )
    example = (bulk_item.c.bulk_id == bulk_id) & (bulk_item.c.position == grouped.c.first)
    found = connection.execute(
        select(*kind, grouped.c["items"], bulk_item.c.subject, bulk_item.c.message).join_from(
            grouped, bulk_item, example
        )
    )
    return in_order(
        Refusals(status=ItemStatus(status), rule=rule, items=items, subject=subject, message=message)
        for status, rule, items, subject, message in found
    )


def _minor(money: Money | None) -> int | None:
    return to_minor(money.amount, money.currency) if money else None


def _money(minor: int | None, currency: str | None) -> Money | None:
    return Money(amount=from_minor(minor, currency), currency=currency) if minor is not None and currency else None
