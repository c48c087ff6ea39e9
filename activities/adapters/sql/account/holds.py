"""The holds that an account has placed for nonpayment and lifted, in SQL (SUS-9)."""

from sqlalchemy import Connection, func, insert, select, update

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.holdings import not_ended
from activities.adapters.sql.tables.account import nonpayment_hold as held
from activities.adapters.sql.tables.subscription import subscription


class SqlNonpaymentHolds:
    """The port `NonpaymentHolds`. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def to_hold(self, customer_id: str, seq: int) -> list[str]:
        return await self._database.read(_to_hold, customer_id, seq)

    async def note_placed(self, customer_id: str, seq: int, subscription_id: str) -> None:
        await self._database.write(placed, customer_id, seq, subscription_id)

    async def to_lift(self, customer_id: str) -> list[str]:
        return await self._database.read(to_lift, customer_id)

    async def note_lifted(self, customer_id: str, seq: int, subscription_id: str) -> None:
        await self._database.write(lifted, customer_id, seq, subscription_id)

    async def count(self, customer_id: str, *, placed_by: int | None = None, lifted_by: int | None = None) -> int:
        return await self._database.read(_count, customer_id, placed_by, lifted_by)


def _to_hold(connection: Connection, customer_id: str, seq: int) -> list[str]:
    noted = select(held.c.subscription_id).where(held.c.customer_id == customer_id, held.c.seq == seq)
    wanted = select(subscription.c.id, subscription.c.offer).where(
        subscription.c.customer_id == customer_id, not_ended(), subscription.c.id.not_in(noted)
    )
    found = connection.execute(wanted.order_by(subscription.c.id))
    return [row.id for row in found if not row.offer.metered]


def placed(connection: Connection, customer_id: str, seq: int, subscription_id: str) -> None:
    of_hold = (held.c.customer_id == customer_id) & (held.c.subscription_id == subscription_id) & (held.c.seq == seq)
    if connection.scalar(select(held.c.seq).where(of_hold)) is None:
        connection.execute(insert(held).values(customer_id=customer_id, subscription_id=subscription_id, seq=seq))


def to_lift(connection: Connection, customer_id: str) -> list[str]:
    standing = (held.c.customer_id == customer_id) & held.c.lifted_by.is_(None)
    wanted = select(held.c.subscription_id).where(standing).distinct()
    return list(connection.scalars(wanted.order_by(held.c.subscription_id)))


def lifted(connection: Connection, customer_id: str, seq: int, subscription_id: str) -> None:
    standing = (
        (held.c.customer_id == customer_id) & (held.c.subscription_id == subscription_id) & held.c.lifted_by.is_(None)
    )
    connection.execute(update(held).where(standing).values(lifted_by=seq))


def _count(connection: Connection, customer_id: str, placed_by: int | None, lifted_by: int | None) -> int:
    wanted = select(func.count(held.c.subscription_id.distinct())).where(held.c.customer_id == customer_id)
    if placed_by is not None:
        wanted = wanted.where(held.c.seq == placed_by)
    if lifted_by is not None:
        wanted = wanted.where(held.c.lifted_by == lifted_by)
    return connection.scalar(wanted) or 0
