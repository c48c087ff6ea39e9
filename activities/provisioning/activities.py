"""The activities that change who may sign in, and whether the data is still there."""

from collections.abc import Awaitable, Callable

from temporalio import activity

from activities.errors import reported
from activities.provisioning.contracts import Confirmation, ProvisionInput
from activities.provisioning.ports import AccessLog, Tenants


class ProvisioningActivities:
    """Access through the port, then the log of it: each is idempotent by (subscription, seq).

    ApplicationError of type TenantRefused or BooksConflict, not retryable; TenantsUnavailable,
    BooksUnavailable and SchemaMismatch, retryable.
    """

    def __init__(self, tenants: Tenants, access_log: AccessLog) -> None:
        self._tenants = tenants
        self._access_log = access_log

    @activity.defn(name="grant")
    async def grant(self, change: ProvisionInput) -> Confirmation:
        """Users can sign in, with so many seats (SUS-5)."""
        return await self._perform(self._tenants.grant, change)

    @activity.defn(name="revoke")
    async def revoke(self, change: ProvisionInput) -> Confirmation:
        """Users are turned away; admins still read the data (SUS-2)."""
        return await self._perform(self._tenants.revoke, change)

    @activity.defn(name="purge")
    async def purge(self, change: ProvisionInput) -> Confirmation:
        """The tenant and all its data are gone (SUS-3)."""
        return await self._perform(self._tenants.purge, change)

    async def _perform(
        self, ask: Callable[[ProvisionInput], Awaitable[Confirmation]], change: ProvisionInput
    ) -> Confirmation:
        with reported():
            confirmation = await ask(change)
            # Logged second: an access that was never confirmed must not stand in the log.
            await self._access_log.note(change, confirmation)
            return confirmation
