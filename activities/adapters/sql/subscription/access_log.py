"""When users had access. It is kept after the tenant is deleted."""

from sqlalchemy import Connection, insert, select

from activities.adapters.sql import locks
from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.subscription import access_change
from activities.errors import BooksConflict
from activities.provisioning.contracts import Confirmation, ProvisionInput
from domain.conflict import compared
from domain.subscription.held import HeldRecord
from statemachines.conflicts.subscription import content_of_access


class SqlAccessLog:
    """The port `AccessLog`: one row per confirmed change. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, change: ProvisionInput, confirmation: Confirmation) -> None:
        await self._database.write_under([locks.subscription(change.subscription_id)], note, change, confirmation)


def note(connection: Connection, change: ProvisionInput, confirmation: Confirmation) -> bool:
    """Log the change; False if it is logged already."""
    provision = change.provision
    access = access_change.c
    where = (access.subscription_id == change.subscription_id) & (access.seq == provision.seq)
    known = connection.execute(select(access.access, access.at).where(where)).one_or_none()
    if known is None:
        row = {
            "subscription_id": change.subscription_id,
            "seq": provision.seq,
            "access": provision.access.value,
            "at": provision.at,
            "confirmed_at": confirmation.confirmed_at,
        }
        connection.execute(insert(access_change).values(row))
        return True
    if (known.access, known.at) != (provision.access.value, provision.at):
        wanted = content_of_access(provision.access, provision.at)
        raise BooksConflict(
            f"Access change {provision.seq} of {change.subscription_id} is already recorded as {known.access} (MON-2).",
            HeldRecord(fields=compared(wanted, content_of_access(known.access, known.at))),
        )
    return False
