"""Performs the effects of a subscription's decisions, each by one activity that is retried until it succeeds."""

from datetime import timedelta

from activities.billing.activities import BillingActivities
from activities.billing.contracts import RecordInput
from activities.provisioning.activities import ProvisioningActivities
from activities.provisioning.contracts import ProvisionInput
from domain.subscription.effects import Access, Provision, Receipt, Record
from domain.subscription.subscription import Subscription
from statemachines.subscription.narrative import provision_headline, record_headline
from workflows.durable import options
from workflows.durable.activities import perform


async def record(subscription: Subscription, entry: Record, *, invoiced: bool, ahead_by: timedelta | None) -> Receipt:
    """Write the record into the books; what the books say of it.

    `invoiced` opens the customer's billing account if there is none; `ahead_by` is how far the test clock is ahead.
    Raises ActivityError after a permanent error.
    """
    wanted = RecordInput.of(subscription, entry, invoiced=invoiced, ahead_by=ahead_by)
    return await perform(BillingActivities.record, wanted, options.RECORD_TIMEOUT, record_headline(entry))


async def provision(subscription: Subscription, access: Provision) -> None:
    """Grant, revoke or purge the customer's access. Raises ActivityError after a permanent error."""
    change = ProvisionInput(
        subscription_id=subscription.subscription_id,
        customer_id=subscription.customer_id,
        offer_id=subscription.offer.id,
        provision=access,
    )
    activity = {
        Access.GRANT: ProvisioningActivities.grant,
        Access.REVOKE: ProvisioningActivities.revoke,
        Access.PURGE: ProvisioningActivities.purge,
    }[access.access]
    await perform(activity, change, options.PROVISION_TIMEOUT, provision_headline(access))
