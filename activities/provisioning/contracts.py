"""What provisioning activities take and return."""

from domain.subscription.effects import Access, Provision
from domain.values import Frozen, Instant


class ProvisionInput(Frozen):
    """One change of a tenant's access."""

    subscription_id: str
    customer_id: str
    offer_id: str
    provision: Provision


class Confirmation(Frozen):
    """That the tenant's access is as asked, and since when by the tenant's own clock."""

    access: Access
    confirmed_at: Instant
