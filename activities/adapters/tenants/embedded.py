"""Tenants in this very process, over the store."""

import asyncio

from activities.adapters.tenants.store import TenantStore
from activities.provisioning.contracts import Confirmation, ProvisionInput


class EmbeddedTenants:
    """The Tenants port. Each call waits for the disk in a thread of its own."""

    def __init__(self, store: TenantStore) -> None:
        self._store = store

    async def grant(self, change: ProvisionInput) -> Confirmation:
        """As TenantStore.grant."""
        return await asyncio.to_thread(self._store.grant, change)

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        """As TenantStore.revoke."""
        return await asyncio.to_thread(self._store.revoke, change)

    async def purge(self, change: ProvisionInput) -> Confirmation:
        """As TenantStore.purge."""
        return await asyncio.to_thread(self._store.purge, change)
