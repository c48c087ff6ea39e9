"""The activities that grant, revoke and purge access."""

from collections.abc import Awaitable, Callable

from temporalio import activity

from activities.errors import reported
from activities.provisioning.contracts import Confirmation, ProvisionInput
from activities.provisioning.ports import AccessLog, Tenants


class ProvisioningActivities:
    """Each activity changes access at the tenant service, then logs it; it is idempotent by (subscription, seq).

    Raises ApplicationError: of type TenantRefused or BooksConflict, not retryable; of type TenantsUnavailable,
    BooksUnavailable or SchemaMismatch, retryable.
    """

    def __init__(self, tenants: Tenants, access_log: AccessLog) -> None:
        self._tenants = tenants
        self._access_log = access_log

    @activity.defn(name="grant")
    async def grant(self, change: ProvisionInput) -> Confirmation:
        """Let users sign in, with the given number of seats (SUS-5)."""
        return await self._perform(self._tenants.grant, change)

    @activity.defn(name="revoke")
    async def revoke(self, change: ProvisionInput) -> Confirmation:
        """Stop users from signing in. Admins can still read the data (SUS-2)."""
        return await self._perform(self._tenants.revoke, change)

    @activity.defn(name="purge")
    async def purge(self, change: ProvisionInput) -> Confirmation:
        """Delete the tenant with all its data (SUS-3)."""
        return await self._perform(self._tenants.purge, change)

    async def _perform(
        self, ask: Callable[[ProvisionInput], Awaitable[Confirmation]], change: ProvisionInput
    ) -> Confirmation:
        with reported():
            confirmation = await ask(change)
            # Logged after the change: the log must not show access that was never confirmed.
            await self._access_log.note(change, confirmation)
            return confirmation
