"""The holds that an account has placed for nonpayment and lifted, in SQL (MON-9, SUS-9)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from activities.accounts.contracts import HoldInput, LiftInput, ToLift
from activities.adapters.sql import locks
from activities.adapters.sql.account import openings
from activities.adapters.sql.account.lines import ON_INVOICE
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.holdings import not_ended
from activities.adapters.sql.tables.account import account_event, invoice_line
from activities.adapters.sql.tables.account import nonpayment_hold as held
from activities.adapters.sql.tables.subscription import ledger_entry, subscription
from domain.account.terms import HoldScope
from domain.subscription.ledger import Kind


class SqlNonpaymentHolds:
    """The port `NonpaymentHolds`. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def to_hold(self, entry: HoldInput) -> list[str]:
        return await self._database.read(_to_hold, entry)

    async def note_held(self, entry: HoldInput, subscription_id: str, *, placed: bool) -> None:
        its = [locks.customer(entry.customer_id)]
        await self._database.write_under(its, _note_held, entry, subscription_id, placed)

    async def to_lift(self, entry: LiftInput) -> list[ToLift]:
        return await self._database.read(to_lift, entry)

    async def note_lifted(self, entry: LiftInput, subscription_id: str) -> None:
        await self._database.write_under([locks.customer(entry.customer_id)], lifted, entry, subscription_id)

    async def count(self, customer_id: str, *, placed_by: int | None = None, lifted_by: int | None = None) -> int:
        return await self._database.read(_count, customer_id, placed_by, lifted_by)


def _to_hold(connection: Connection, entry: HoldInput) -> list[str]:
    noted = select(held.c.subscription_id).where(held.c.customer_id == entry.customer_id, held.c.seq == entry.seq)
    wanted = _meant(connection, entry).where(not_ended(), subscription.c.id.not_in(noted))
    return _licensed(connection, wanted)


def _meant(connection: Connection, entry: HoldInput) -> Select[Any]:
    """Selects the subscriptions that the invoice holds, usage offers and ended ones among them (MON-9)."""
    wanted = select(subscription.c.id, subscription.c.offer).where(subscription.c.customer_id == entry.customer_id)
    if entry.scope is HoldScope.ALL:
        return wanted
    on_it = (invoice_line.c.invoice_id == entry.invoice) & (ledger_entry.c.kind == Kind.CHARGE.value)
    charged = select(ledger_entry.c.subscription_id).join(invoice_line, ON_INVOICE).where(on_it)
    there = openings.charged_there(connection, entry.customer_id, entry.invoice)
    return wanted.where(subscription.c.id.in_(charged) | subscription.c.id.in_(there))


def _licensed(connection: Connection, wanted: Select[Any]) -> list[str]:
    return [row.id for row in connection.execute(wanted.order_by(subscription.c.id)) if not row.offer.metered]


def _note_held(connection: Connection, entry: HoldInput, subscription_id: str, placed: bool) -> None:
    if placed or _open(connection, entry.customer_id, subscription_id):
        note_placed(connection, entry.customer_id, entry.seq, subscription_id, entry.invoice)


def note_placed(connection: Connection, customer_id: str, seq: int, subscription_id: str, invoice: str | None) -> bool:
    """Record that the event holds the subscription for the invoice; False if it is on record."""
    of_hold = (held.c.customer_id == customer_id) & (held.c.subscription_id == subscription_id) & (held.c.seq == seq)
    if connection.scalar(select(held.c.seq).where(of_hold)) is not None:
        return False
    values = {"customer_id": customer_id, "subscription_id": subscription_id, "seq": seq, "invoice_id": invoice}
    connection.execute(insert(held).values(values))
    return True


def note_shared(connection: Connection, entry: HoldInput) -> bool:
    """Record the holds for the invoice on what the account holds for others already; False if all are on record.

    A hold by this event that was recorded before the event was in these books gets its invoice.
    """
    by_event = (held.c.customer_id == entry.customer_id) & (held.c.seq == entry.seq) & held.c.invoice_id.is_(None)
    named = connection.execute(update(held).where(by_event).values(invoice_id=entry.invoice)).rowcount
    theirs = [
        each for each in _licensed(connection, _meant(connection, entry)) if _open(connection, entry.customer_id, each)
    ]
    noted = [note_placed(connection, entry.customer_id, entry.seq, each, entry.invoice) for each in theirs]
    return bool(named) or any(noted)


def invoice_of(connection: Connection, customer_id: str, seq: int) -> str | None:
    """The invoice that the account's event names; None if it is not on record."""
    event = (account_event.c.customer_id == customer_id) & (account_event.c.seq == seq)
    return connection.scalar(select(account_event.c.invoice_id).where(event))


def to_lift(connection: Connection, entry: LiftInput) -> list[ToLift]:
    kept: dict[str, list[bool]] = defaultdict(list)
    for row in _open(connection, entry.customer_id):
        kept[row.subscription_id].append(_is_kept(row, entry))
    return [
        ToLift(subscription_id=subscription_id, kept=any(each))
        for subscription_id, each in sorted(kept.items())
        if not all(each)
    ]


def lifted(connection: Connection, entry: LiftInput, subscription_id: str) -> None:
    for row in _open(connection, entry.customer_id, subscription_id):
        if not _is_kept(row, entry):
            of_subscription = (held.c.customer_id == entry.customer_id) & (held.c.subscription_id == subscription_id)
            itself = update(held).where(of_subscription, held.c.seq == row.seq)
            connection.execute(itself.values(lifted_by=entry.seq))


def _is_kept(row: Row[Any], entry: LiftInput) -> bool:
    """One whose invoice is not known is kept until all are lifted."""
    return row.invoice_id in entry.keep if row.invoice_id else bool(entry.keep)


def _open(connection: Connection, customer_id: str, subscription_id: str | None = None) -> Sequence[Row[Any]]:
    """The customer's holds that are not lifted."""
    wanted = select(held).where(held.c.customer_id == customer_id, held.c.lifted_by.is_(None))
    if subscription_id is not None:
        wanted = wanted.where(held.c.subscription_id == subscription_id)
    return connection.execute(wanted.order_by(held.c.subscription_id, held.c.seq)).all()


def _count(connection: Connection, customer_id: str, placed_by: int | None, lifted_by: int | None) -> int:
    wanted = select(func.count(held.c.subscription_id.distinct())).where(held.c.customer_id == customer_id)
    if placed_by is not None:
        wanted = wanted.where(held.c.seq == placed_by)
    if lifted_by is not None:
        wanted = wanted.where(held.c.lifted_by == lifted_by)
    return connection.scalar(wanted) or 0
