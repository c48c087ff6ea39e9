"""What every tenant service does, in process or over HTTP: once for each seq, never back from the dead."""

import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from activities.adapters.tenants.app import TenantServer
from activities.adapters.tenants.http import HttpTenants
from activities.adapters.tenants.store import EmbeddedTenants, TenantStore
from activities.errors import TenantRefused, TenantsUnavailable
from activities.provisioning.contracts import ProvisionInput
from activities.provisioning.door import Door
from activities.provisioning.ports import Tenants
from domain.subscription.effects import Access, Provision

NOW = datetime(2026, 1, 31, 9, tzinfo=UTC)


def change(access: Access, seq: int, quantity: int = 3, tenant: str = "s-1") -> ProvisionInput:
    provision = Provision(access=access, at=NOW, seq=seq, quantity=quantity, add_ons={})
    return ProvisionInput(subscription_id=tenant, customer_id="fabrikam", offer_id="contoso-crm", provision=provision)


def grant(seq: int, quantity: int = 3) -> ProvisionInput:
    return change(Access.GRANT, seq, quantity)


def revoke(seq: int) -> ProvisionInput:
    return change(Access.REVOKE, seq)


def purge(seq: int) -> ProvisionInput:
    return change(Access.PURGE, seq)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tenants.db"


@pytest.fixture
def store(path: Path) -> TenantStore:
    """Its clock moves on by a second at each change."""
    ticks = iter(range(1000))
    return TenantStore(
        path, busy_timeout=timedelta(milliseconds=50), clock=lambda: NOW + timedelta(seconds=next(ticks))
    )


@pytest_asyncio.fixture(params=["embedded", "http"])
async def tenants(request: pytest.FixtureRequest, store: TenantStore) -> AsyncIterator[Tenants]:
    if request.param == "embedded":
        yield EmbeddedTenants(store)
        return
    async with TenantServer(store) as server, HttpTenants(server.address) as client:
        yield client


async def test_users_get_in_and_are_turned_away_and_get_in_again(tenants: Tenants, store: TenantStore) -> None:
    await tenants.grant(grant(1))
    assert store.sign_in("s-1", "user").words == "Welcome to s-1, user. It has 3 seats."
    await tenants.revoke(revoke(2))
    assert store.sign_in("s-1", "user").door is Door.TURNED_AWAY
    assert "suspended" in store.sign_in("s-1", "user").words
    await tenants.grant(grant(3, quantity=7))
    assert "7 seats" in store.sign_in("s-1", "user").words


async def test_admins_read_the_data_while_users_are_turned_away(tenants: Tenants, store: TenantStore) -> None:
    await tenants.grant(grant(1))
    before = store.admin_read("s-1", "admin")
    assert [document.title for document in before.documents] == ["Welcome"]
    await tenants.revoke(revoke(2))
    assert store.admin_read("s-1", "admin") == before
    assert store.admin_read("s-1", "user").door is Door.TURNED_AWAY
    assert store.admin_read("s-1", "user").documents == ()


async def test_purged_data_is_gone_from_the_disk_too(tenants: Tenants, store: TenantStore, path: Path) -> None:
    await tenants.grant(grant(1))
    assert b"fabrikam can keep" in path.read_bytes()
    await tenants.purge(purge(2))
    assert store.sign_in("s-1", "user").door is Door.GONE
    assert store.admin_read("s-1", "admin").door is Door.GONE
    left = b"".join(file.read_bytes() for file in path.parent.iterdir() if file.is_file())
    assert b"fabrikam" not in left
    assert b"Welcome" not in left
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT id, seq FROM tombstone").fetchall() == [("s-1", 2)]
    connection.close()


@pytest.mark.parametrize("asked", [Access.GRANT, Access.REVOKE, Access.PURGE])
async def test_the_same_change_again_is_the_same_confirmation(tenants: Tenants, asked: Access) -> None:
    await tenants.grant(grant(1))
    perform = {Access.GRANT: tenants.grant, Access.REVOKE: tenants.revoke, Access.PURGE: tenants.purge}[asked]
    first = await perform(change(asked, 2))
    assert first.access is asked
    assert first.confirmed_at == NOW + timedelta(seconds=1)
    assert await perform(change(asked, 2)) == first


async def test_a_late_change_is_ignored_and_the_present_state_confirmed(tenants: Tenants, store: TenantStore) -> None:
    revoked = await tenants.revoke(revoke(5))
    assert await tenants.grant(grant(4)) == revoked
    assert store.sign_in("s-1", "user").door is Door.TURNED_AWAY
    purged = await tenants.purge(purge(6))
    assert await tenants.grant(grant(1)) == purged
    assert store.sign_in("s-1", "user").door is Door.GONE


async def test_nothing_brings_a_deleted_tenant_back(tenants: Tenants, store: TenantStore) -> None:
    purged = await tenants.purge(purge(2))
    with pytest.raises(TenantRefused, match="deleted with all its data: no grant can follow"):
        await tenants.grant(grant(3))
    with pytest.raises(TenantRefused):
        await tenants.revoke(revoke(3))
    assert await tenants.purge(purge(3)) == purged
    assert store.sign_in("s-1", "user").door is Door.GONE


async def test_another_change_under_the_same_seq_is_refused(tenants: Tenants) -> None:
    await tenants.grant(grant(1))
    with pytest.raises(TenantRefused, match="Change 1 of tenant s-1 was a grant, not a revoke"):
        await tenants.revoke(revoke(1))


async def test_strangers_are_turned_away(tenants: Tenants, store: TenantStore) -> None:
    await tenants.grant(grant(1))
    assert store.sign_in("s-1", "mallory").door is Door.TURNED_AWAY
    assert store.sign_in("s-2", "user").door is Door.UNKNOWN
    assert store.admin_read("s-2", "admin").door is Door.UNKNOWN


async def test_a_locked_file_is_reported_soon(tenants: Tenants, path: Path) -> None:
    with sqlite3.connect(path, isolation_level=None) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(TenantsUnavailable, match="locked"):
            await tenants.grant(grant(1))
        assert time.monotonic() - began < 1
    holder.close()
    assert (await tenants.grant(grant(1))).access is Access.GRANT
