"""The client of notifications: retry or skip one that a publisher has not taken, and start a delivery."""

from collections.abc import Callable

from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from activities.notifications.contracts import HandOver
from domain.next_step import Do, NextStep
from workflows.calls.errors import AlreadyEnded, NotFound, WorkflowFailed, server_unavailable
from workflows.calls.target import Target, WorkflowClient
from workflows.durable import options
from workflows.durable.workflow_ids import delivery_workflow_id, subscription_workflow_id
from workflows.notifications.messages import Deliver, RetryNotification, SkipNotification
from workflows.notifications.workflow import DeliveryWorkflow


class Notifications(WorkflowClient):
    """Notifications to publishers, on one Temporal server. Implements the port `Deliverer`."""

    async def retry(self, subscription_id: str, request: RetryNotification) -> str:
        """Send an undeliverable notification again. Raises CallError."""
        return await self._update(subscription_id, "retry_notification", request)

    async def skip(self, subscription_id: str, request: SkipNotification) -> str:
        """Give up an undeliverable notification. Raises CallError."""
        return await self._update(subscription_id, "skip_notification", request)

    async def deliver(self, left: HandOver) -> None:
        """Start the delivery of an ended subscription's last notifications, unless it is under way.

        A delivery that finds nothing to send ends at once. Raises ServerUnavailable.
        """
        try:
            await self._client.start_workflow(
                DeliveryWorkflow.run,
                Deliver.model_validate(left.model_dump()),
                id=delivery_workflow_id(left.subscription_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                task_timeout=options.TASK_TIMEOUT,
                static_summary=f"send {left.publisher} the last notifications of {left.subscription_id}",
            )
        except RPCError as error:
            raise server_unavailable(f"delivery of {left.subscription_id}", error) from None

    async def _update(self, subscription_id: str, update: str, request: RetryNotification | SkipNotification) -> str:
        """Send it to the subscription's workflow, or to the delivery that follows it."""
        try:
            return await self._target(subscription_workflow_id, subscription_id).update(update, request, str)
        except (AlreadyEnded, NotFound):
            return await self._target(delivery_workflow_id, subscription_id).update(update, request, str)
        except WorkflowFailed as ended:
            try:
                return await self._target(delivery_workflow_id, subscription_id).update(update, request, str)
            except NotFound:
                raise ended from None

    def _target(self, workflow_id: Callable[[str], str], subscription_id: str) -> Target:
        words = f"No notifications of {subscription_id} are being sent on this server."
        ended = AlreadyEnded(f"Subscription {subscription_id} has ended, and all its notifications are sent.")
        not_found = NotFound(words, NextStep(Do.LIST_NOTIFICATIONS))
        return Target(self._client, workflow_id(subscription_id), subscription_id, not_found, ended, subscription_id)
