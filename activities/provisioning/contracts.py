"""What provisioning activities take and return."""

from domain.subscription.effects import Access, Provision
from domain.values import Frozen, Instant


class ProvisionInput(Frozen):
    """A change of one tenant's access."""

    subscription_id: str
    customer_id: str
    offer_id: str
    provision: Provision


class Confirmation(Frozen):
    """The tenant service confirms the access, with the instant by its own clock."""

    access: Access
    confirmed_at: Instant
