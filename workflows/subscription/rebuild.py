"""Begins a subscription again from the books, when its workflow is gone."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError

from activities.billing.activities import RestoringActivities
from activities.billing.contracts import Origin, Restored, RestoreInput
from domain.subscription.events import EventName
from workflows.durable import options, search_attributes
from workflows.durable.activities import perform
from workflows.durable.arguments import check_workflow_id, one_request
from workflows.durable.cancellation import through_cancellations
from workflows.durable.clock import TestClock
from workflows.durable.inbox import HeldSignal
from workflows.durable.memory import for_sender
from workflows.durable.new_run import continue_as_new
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.notifications.messages import Stream
from workflows.subscription.messages import Continued, Ended, Rebuild, terms_memo
from workflows.subscription.workflow import SubscriptionWorkflow


@workflow.defn
class SubscriptionRebuild:
    """Reads a subscription from the books, and continues as its `SubscriptionWorkflow`.

    Its start carries no state, so that nobody can forge one. Until the state is there, updates are refused as `Busy`,
    queries fail in one line, and signals are held for the subscription.
    """

    @workflow.init
    @one_request
    def __init__(self, start: Rebuild) -> None:
        check_workflow_id(subscription_workflow_id(start.subscription_id), "subscription_id")
        self._held: list[HeldSignal] = []

    @workflow.run
    async def run(self, start: Rebuild) -> Ended:
        """Continue as the subscription. Fails in one line where the books do not have it."""
        restored = await through_cancellations(self._restored(start), lambda: None)
        if restored.life.committed == 1 and restored.life.recent[-1].event is EventName.TAKEN_OVER:
            workflow.logger.info("begins in mid-term for %s: %s", start.by, start.note)
        else:
            workflow.logger.warning("rebuilt to event %s for %s: %s", restored.life.committed, start.by, start.note)
        subscription = Continued(
            life=restored.life,
            clock=None if restored.ahead_by is None else TestClock.ahead_by(restored.ahead_by),
            periods_per_run=start.periods_per_run,
            spread_seconds=start.spread_seconds,
            stream=Stream(publisher=restored.publisher, told=restored.told),
            origin=Origin(),
            held=tuple(self._held),
        )
        continue_as_new(
            subscription,
            workflow=SubscriptionWorkflow.run,
            search_attributes=search_attributes.of_subscription(restored.life.subscription),
            memo=terms_memo(restored.purchase) if restored.purchase else None,
        )

    async def _restored(self, start: Rebuild) -> Restored:
        wanted, summary = RestoreInput(subscription_id=start.subscription_id), "read the subscription from the books"
        try:
            return await perform(RestoringActivities.restore, wanted, options.RESTORE_TIMEOUT, summary)
        except ActivityError as error:
            raise for_sender(error) from None

    @workflow.signal(dynamic=True)
    def noted(self, name: str, args: Sequence[RawValue]) -> None:
        """Every signal: it is for the subscription, which reads it. Those that one payload has no room for are lost."""
        held = HeldSignal.of(name, args)
        if sum(each.size for each in self._held) + held.size <= options.LARGEST_HELD:
            self._held.append(held)
        else:
            workflow.logger.warning("signal %s has no room while the subscription is being rebuilt", ascii(name))

    @workflow.update(dynamic=True)
    def asked(self, name: str, args: Sequence[RawValue]) -> None:
        """Every update: refused by the validator."""

    @asked.validator
    def _check_asked(self, name: str, args: Sequence[RawValue]) -> None:
        raise ApplicationError(options.READING_BOOKS, type=options.BUSY, next_retry_delay=options.BUSY_WAIT)

    @workflow.query(dynamic=True)
    def looked_at(self, name: str, args: Sequence[RawValue]) -> None:
        """Every query: fails in one line."""
        raise ApplicationError(options.READING_BOOKS, type=options.BUSY)
