"""Performs the effects of a subscription's decisions, each by one activity that is retried until it succeeds."""

from collections.abc import Callable
from functools import partial

from temporalio.common import Priority
from temporalio.exceptions import ActivityError, ApplicationError

from activities.billing.activities import BillingActivities, RestoringActivities
from activities.billing.contracts import CountInput, KeepInput, Origin, RecordInput, RestoreInput
from activities.errors import BooksConflict, ClocksRefused
from activities.provisioning.activities import ProvisioningActivities
from activities.provisioning.contracts import ProvisionInput
from domain.roles import Party
from domain.subscription.commands import Command
from domain.subscription.effects import Access, Adopt, CountUsage, Keep, Provision, Receipt, Record
from domain.subscription.events import Event
from domain.subscription.subscription import Subscription
from statemachines.conflicts.subscription import adopted
from statemachines.subscription.life import Life
from statemachines.subscription.narrative import provision_headline, record_headline
from workflows.durable import options
from workflows.durable.activities import perform
from workflows.durable.decisions import Decisions
from workflows.notifications.messages import Stream
from workflows.notifications.notifier import Notifier

ENDING = frozenset({BooksConflict.__name__, ClocksRefused.__name__})
"""The types of errors of a subscription's first record after which there is no subscription."""


async def record(subscription: Subscription, entry: Record, origin: Origin, urgent: Callable[[], bool]) -> Receipt:
    """Write the record into the books; what the books say of it.

    Raises RunIsOver, ActivityError after a permanent error, and ApplicationError, which ends the workflow, if the books
    have another subscription under its id or another date for its purchase, or if it has a test clock where they are
    not allowed: nothing of it is written.
    """
    wanted = RecordInput.of(subscription, entry, origin)
    try:
        return await perform(
            BillingActivities.record,
            wanted,
            options.RECORD_TIMEOUT,
            record_headline(entry),
            urgent=urgent,
            priority=_priority(entry.events[0]),
        )
    except ActivityError as error:
        cause = error.cause
        if entry.seq == 1 and isinstance(cause, ApplicationError) and cause.type in ENDING:
            raise ApplicationError(cause.message, type=cause.type, non_retryable=True) from None
        raise


async def catch_up(decisions: Decisions[Life, Command], notifier: Notifier) -> bool:
    """Go on from the books where they are ahead of the run; whether they are. Raises ActivityError."""
    life = decisions.life
    wanted, summary = RestoreInput(subscription_id=life.subscription.subscription_id), "look what the books know"
    try:
        known = await perform(RestoringActivities.restore, wanted, options.RESTORE_TIMEOUT, summary)
    except ActivityError:
        if life.committed:
            raise
        return False
    if known.life.committed <= decisions.life.committed:
        return False
    notifier.stream = Stream(publisher=known.publisher, told=max(known.told, notifier.stream.told))
    decisions.begin_again(known.life)
    return True


async def perform_other(
    life: Life, effect: Provision | Keep | CountUsage | Adopt, urgent: Callable[[], bool]
) -> Callable[[Life], Life]:
    """Perform an effect that is no record. The result gives the life after it.

    Raises ActivityError after a permanent error, and RunIsOver.
    """
    subscription = life.subscription
    if isinstance(effect, Adopt):
        wanted, summary = RestoreInput(subscription_id=subscription.subscription_id), "read what the books say"
        books = await perform(RestoringActivities.restore, wanted, options.RESTORE_TIMEOUT, summary, urgent=urgent)
        return partial(adopted, books=books.life)
    if isinstance(effect, Provision):
        event = next((each for each in life.recent if each.seq == effect.seq), None)
        await _provision(subscription, effect, urgent, _priority(event))
        return Life.with_effect_performed
    if isinstance(effect, CountUsage):
        count, summary = CountInput(subscription_id=subscription.subscription_id, count=effect), "count unbilled usage"
        found = await perform(BillingActivities.count_usage, count, options.RECORD_TIMEOUT, summary, urgent=urgent)
        return partial(Life.counted, counted=found)
    entry = KeepInput(subscription_id=subscription.subscription_id, seq=effect.seq, changed=effect.changed)
    summary = f"keep what changed after event {effect.seq}"
    await perform(BillingActivities.keep, entry, options.RECORD_TIMEOUT, summary, urgent=urgent)
    return Life.with_effect_performed


def _priority(event: Event | None) -> Priority:
    """That of the effects of an event. A purchase is a line of an order, in most cases."""
    waited_for = event is not None and event.seq > 1 and event.by != Party.SYSTEM
    return options.PEOPLE if waited_for else Priority.default


async def _provision(
    subscription: Subscription, access: Provision, urgent: Callable[[], bool], priority: Priority
) -> None:
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
    summary = provision_headline(access)
    await perform(activity, change, options.PROVISION_TIMEOUT, summary, urgent=urgent, priority=priority)
