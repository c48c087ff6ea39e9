"""Claims: what one subscription alone can hold (ELG-1, TRI-4)."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables import claim, subscription
from activities.errors import ClaimTaken
from domain.events import State


class SqlClaims:
    """Unique rows: of two buyers at once exactly one wins. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, subscription_id: str, keys: Sequence[str], *, permanent: bool) -> None:
        """Take all of the keys or none; those that it holds already stay its own.

        Those not `permanent` are released with the life's last event; a permanent one never is. Raises
        ClaimTaken naming the first key that another holds.
        """
        await self._database.write(_take, subscription_id, keys, permanent)


def _take(connection: Connection, subscription_id: str, keys: Sequence[str], permanent: bool) -> None:
    found = connection.execute(select(claim).where(claim.c.key.in_(keys)))
    held = {row.key: row for row in found}
    for key in keys:
        if key in held and held[key].subscription_id != subscription_id:
            raise ClaimTaken(key, held[key].subscription_id)
    if permanent and held:
        connection.execute(update(claim).where(claim.c.key.in_(held)).values(permanent=True))
    missing = [key for key in dict.fromkeys(keys) if key not in held]
    state = connection.scalar(select(subscription.c.state).where(subscription.c.id == subscription_id))
    # Asked again after the end, it would hold for ever what was released.
    over = state is not None and State(state).ended and not permanent
    if missing and not over:
        rows = [{"key": key, "subscription_id": subscription_id, "permanent": permanent} for key in missing]
        connection.execute(insert(claim), rows)
