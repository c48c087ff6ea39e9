"""What provisioning needs of the world. Adapters implement it."""

from typing import Protocol

from activities.provisioning.contracts import Confirmation, ProvisionInput


class Tenants(Protocol):
    """Where the users of the sold service are: each subscription is one tenant."""

    async def grant(self, change: ProvisionInput) -> Confirmation:
        """Users can sign in, with so many seats. Again with the same seq: the same confirmation."""
        ...

    async def revoke(self, change: ProvisionInput) -> Confirmation:
        """Users are turned away; admins still read the data (SUS-2)."""
        ...

    async def purge(self, change: ProvisionInput) -> Confirmation:
        """The tenant and all its data are gone (SUS-3)."""
        ...


class AccessLog(Protocol):
    """When users had access, kept beyond the tenant."""

    async def note(self, change: ProvisionInput, confirmation: Confirmation) -> None:
        """Note a confirmed change, once per (subscription, seq)."""
        ...
