"""What provisioning needs of the world. Adapters implement it."""

from typing import Protocol

from activities.provisioning.contracts import Confirmation, ProvisionInput


class Tenants(Protocol):
    """The service in which the users of what is sold sign in. Each subscription is one tenant."""

    async def grant(self, change: ProvisionInput) -> Confirmation:
        """Let users sign in, with the given number of seats. The same `seq` returns the same confirmation."""

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        """Stop users from signing in. Admins can still read the data (SUS-2)."""

    async def purge(self, change: ProvisionInput) -> Confirmation:
        """Delete the tenant with all its data (SUS-3)."""


class AccessLog(Protocol):
    """When users had access. It is kept after the tenant is deleted."""

    async def note(self, change: ProvisionInput, confirmation: Confirmation) -> None:
        """Record a confirmed change, once per (subscription, seq). The first confirmation is kept.

        Raises BooksConflict if another change is recorded under that `seq`.
        """
