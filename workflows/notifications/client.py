"""The way in for operators whose publishers could not be told: the life's own workflow, or its delivery."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from activities.errors import ServerUnavailable
from activities.notifications.contracts import HandOver
from workflows.calls.asking import SubscriptionError, asked
from workflows.durable import options
from workflows.notifications.messages import Deliver, RetryNotification, SkipNotification, delivery_workflow_id
from workflows.notifications.workflow import DeliveryWorkflow
from workflows.subscription.client import AlreadyEnded, UnknownSubscription
from workflows.subscription.messages import workflow_id


class Notifications:
    """What publishers are told, on one Temporal server. As the port `Deliverer` it starts deliveries."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def retry(self, subscription_id: str, request: RetryNotification) -> str:
        """Tell again what was undeliverable. Raises SubscriptionError."""
        return await self._operate(subscription_id, "retry_notification", request)

    async def skip(self, subscription_id: str, request: SkipNotification) -> str:
        """Give the undeliverable event up. Raises SubscriptionError."""
        return await self._operate(subscription_id, "skip_notification", request)

    async def deliver(self, left: HandOver) -> None:
        """Start the delivery, where none is under way; one that finds everything told ends at once.

        Raises ServerUnavailable.
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
                static_summary=f"tell {left.publisher} the rest of {left.subscription_id}",
            )
        except RPCError as error:
            status = RPCStatusCode(error.status).name
            raise ServerUnavailable(
                f"delivery of {left.subscription_id}: the Temporal server did not answer ({status}: {error.message})"
            ) from None

    async def _operate(self, subscription_id: str, update: str, request: RetryNotification | SkipNotification) -> str:
        try:
            return await self._sent(workflow_id(subscription_id), subscription_id, update, request)
        except (AlreadyEnded, UnknownSubscription):
            return await self._sent(delivery_workflow_id(subscription_id), subscription_id, update, request)

    async def _sent(
        self, workflow: str, subscription_id: str, update: str, request: RetryNotification | SkipNotification
    ) -> str:
        handle = self._client.get_workflow_handle(workflow)

        async def send() -> str:
            words: str = await handle.execute_update(
                update, request, result_type=str, rpc_timeout=options.ANSWER_TIMEOUT
            )
            return words

        return await asked(subscription_id, send, lambda error: _missing(subscription_id, error))


def _missing(subscription_id: str, error: RPCError) -> SubscriptionError:
    if "already completed" in error.message:
        return AlreadyEnded(f"{subscription_id} has ended, and nothing is left to tell of it")
    return UnknownSubscription(
        f"nothing is being told of {subscription_id} on this server; see: starter.py notifications list"
    )
