"""The data of the embedded tenant service: tenants, their users and documents, and tombstones of deleted tenants."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from activities.adapters.sql.errors import unusable
from activities.errors import TenantRefused, TenantsUnavailable
from activities.provisioning.contracts import Confirmation, ProvisionInput
from activities.provisioning.door import Document, Door, Visit
from activities.wall_clock import wall_clock
from domain.subscription.effects import Access

USER, ADMIN = "user", "admin"

_TABLES = """
CREATE TABLE IF NOT EXISTS tenant (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL, offer TEXT NOT NULL, seats INTEGER NOT NULL,
    access TEXT NOT NULL, seq INTEGER NOT NULL, confirmed_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS user (
    tenant TEXT NOT NULL REFERENCES tenant (id), name TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (tenant, name)
);
CREATE TABLE IF NOT EXISTS document (
    tenant TEXT NOT NULL REFERENCES tenant (id), title TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (tenant, title)
);
CREATE TABLE IF NOT EXISTS tombstone (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, confirmed_at TEXT NOT NULL);
"""


class TenantStore:
    """One SQLite file. Each change is one transaction, and is made once per `seq`.

    A change older than the last one is ignored: the present state is confirmed. All methods raise TenantsUnavailable
    if the file is locked for `busy_timeout` or cannot be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_timeout: timedelta = timedelta(seconds=2),
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._path = path
        self._busy = busy_timeout.total_seconds()
        self._clock = clock
        with self._opened() as connection:
            connection.executescript(_TABLES)

    def grant(self, change: ProvisionInput) -> Confirmation:
        """Let users sign in, with `quantity` seats. A new tenant gets a user, an admin and a document.

        Raises TenantRefused for a tenant whose data is deleted.
        """
        return self._change(change, Access.GRANT)

    def revoke(self, change: ProvisionInput) -> Confirmation:
        """Stop users from signing in; the data stays (SUS-2). Raises TenantRefused for a deleted tenant."""
        return self._change(change, Access.REVOKE)

    def purge(self, change: ProvisionInput) -> Confirmation:
        """Delete all data (SUS-3). A tombstone stays, so that a late grant does not bring the tenant back."""
        return self._change(change, Access.PURGE)

    def sign_in(self, tenant: str, user: str) -> Visit:
        """Whether the user can sign in, or why not."""
        with self._opened() as connection:
            if away := _no_tenant(connection, tenant):
                return away
            if _role(connection, tenant, user) is None:
                return Visit(door=Door.TURNED_AWAY, words=f"{tenant} has no user {user}.")
            access, seats = connection.execute("SELECT access, seats FROM tenant WHERE id = ?", [tenant]).fetchone()
        if access != Access.GRANT:
            words = f"{tenant} is suspended or has ended: nobody can sign in. Its admin can still read the data."
            return Visit(door=Door.TURNED_AWAY, words=words)
        return Visit(door=Door.OPEN, words=f"Welcome to {tenant}, {user}. It has {seats} seats.")

    def admin_read(self, tenant: str, user: str) -> Visit:
        """The tenant's documents, for its admin, also while users cannot sign in (SUS-2)."""
        with self._opened() as connection:
            if away := _no_tenant(connection, tenant):
                return away
            if _role(connection, tenant, user) != ADMIN:
                return Visit(door=Door.TURNED_AWAY, words=f"Only an admin of {tenant} can read its data.")
            found = connection.execute("SELECT title, text FROM document WHERE tenant = ? ORDER BY title", [tenant])
            documents = tuple(Document(title=title, text=text) for title, text in found)
        return Visit(door=Door.OPEN, words=f"The data of {tenant}.", documents=documents)

    def _change(self, change: ProvisionInput, access: Access) -> Confirmation:
        tenant, seq = change.subscription_id, change.provision.seq
        with self._opened() as connection:
            present = _present(connection, tenant)
            if present and (confirmed := _settled(change, access, *present)):
                return confirmed
            confirmation = Confirmation(access=access, confirmed_at=self._clock())
            at = confirmation.confirmed_at.isoformat()
            if access is Access.PURGE:
                for table, column in {"document": "tenant", "user": "tenant", "tenant": "id"}.items():
                    connection.execute(f"DELETE FROM {table} WHERE {column} = ?", [tenant])  # noqa: S608 - names of ours
                connection.execute("INSERT INTO tombstone VALUES (?, ?, ?)", [tenant, seq, at])
            elif present:
                connection.execute(
                    "UPDATE tenant SET access = ?, seats = ?, seq = ?, confirmed_at = ? WHERE id = ?",
                    [access, change.provision.quantity, seq, at, tenant],
                )
            else:
                _settle_in(connection, change, access, at)
        return confirmation

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection in one transaction. SQLite's errors become TenantsUnavailable."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=self._busy, isolation_level="IMMEDIATE")) as connection:
                # Deleted data is overwritten, so that it is not left in free pages of the file.
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("PRAGMA foreign_keys = ON")
                with connection:
                    yield connection
        except OSError as error:
            raise TenantsUnavailable(
                f"The tenants' folder {self._path.parent} cannot be created ({error.strerror}). "
                "Choose another with PERENNIAL_TENANTS_PATH or PERENNIAL_DATA_DIR."
            ) from None
        except sqlite3.Error as error:
            if line := unusable(self._path, error, "PERENNIAL_TENANTS_PATH"):
                raise TenantsUnavailable(line) from None
            raise TenantsUnavailable(
                f"The tenants' file {self._path} cannot be used now ({error}): nothing was changed. "
                "Try again. If this persists, check that file and disk are writable."
            ) from None


class EmbeddedTenants:
    """The port `Tenants` over the store in this process. Each call waits for the disk in its own thread."""

    def __init__(self, store: TenantStore) -> None:
        self._store = store

    async def grant(self, change: ProvisionInput) -> Confirmation:
        return await asyncio.to_thread(self._store.grant, change)

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        return await asyncio.to_thread(self._store.revoke, change)

    async def purge(self, change: ProvisionInput) -> Confirmation:
        return await asyncio.to_thread(self._store.purge, change)


def _present(connection: sqlite3.Connection, tenant: str) -> tuple[int, Confirmation] | None:
    """The `seq` of the last change, and its confirmation. None for an unknown tenant."""
    found = connection.execute(
        "SELECT access, seq, confirmed_at FROM tenant WHERE id = :id "
        "UNION ALL SELECT 'purge', seq, confirmed_at FROM tombstone WHERE id = :id",
        {"id": tenant},
    ).fetchone()
    if found is None:
        return None
    access, seq, at = found
    return seq, Confirmation(access=Access(access), confirmed_at=datetime.fromisoformat(at))


def _settled(change: ProvisionInput, asked: Access, seq: int, present: Confirmation) -> Confirmation | None:
    """The confirmation if the change needs no more work, None if it is still to be made."""
    if change.provision.seq < seq:
        return present
    if change.provision.seq == seq and present.access is not asked:
        raise TenantRefused(f"Change {seq} of tenant {change.subscription_id} was a {present.access}, not a {asked}.")
    if change.provision.seq == seq or present.access is asked is Access.PURGE:
        return present
    if present.access is Access.PURGE:
        raise TenantRefused(f"Tenant {change.subscription_id} is deleted with all its data: no {asked} can follow.")
    return None


def _settle_in(connection: sqlite3.Connection, change: ProvisionInput, access: Access, at: str) -> None:
    tenant, provision = change.subscription_id, change.provision
    connection.execute(
        "INSERT INTO tenant VALUES (?, ?, ?, ?, ?, ?, ?)",
        [tenant, change.customer_id, change.offer_id, provision.quantity, access, provision.seq, at],
    )
    connection.executemany("INSERT INTO user VALUES (?, ?, ?)", [(tenant, USER, USER), (tenant, ADMIN, ADMIN)])
    words = f"{change.customer_id} can keep its work in {change.offer_id} now."
    connection.execute("INSERT INTO document VALUES (?, ?, ?)", [tenant, "Welcome", words])


def _no_tenant(connection: sqlite3.Connection, tenant: str) -> Visit | None:
    """The answer for an unknown or deleted tenant, None for any other."""
    present = _present(connection, tenant)
    if present is None:
        return Visit(door=Door.UNKNOWN, words=f"There is no tenant {tenant}.")
    if present[1].access is Access.PURGE:
        return Visit(door=Door.GONE, words=f"{tenant} is deleted with all its data.")
    return None


def _role(connection: sqlite3.Connection, tenant: str, user: str) -> str | None:
    found = connection.execute("SELECT role FROM user WHERE tenant = ? AND name = ?", [tenant, user]).fetchone()
    return None if found is None else str(found[0])
