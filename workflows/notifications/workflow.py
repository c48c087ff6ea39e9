"""The workflow that sends a publisher the last notifications of a subscription that has ended."""

from temporalio import workflow

from workflows.durable import search_attributes
from workflows.durable.arguments import check_workflow_id, one_request
from workflows.durable.cancellation import Parts, not_by_cancellation, through_cancellations
from workflows.durable.new_run import NewRun, continue_as_new
from workflows.durable.updates import part_update
from workflows.durable.workflow_ids import delivery_workflow_id
from workflows.notifications.messages import ContinuedDelivery, DeliveryStart, Stream, notification_lines
from workflows.notifications.notifier import Notifier

NOT_BY_CANCELLATION = not_by_cancellation("delivery: give its event up with the update `skip_notification`.")


@workflow.defn
class DeliveryWorkflow:
    """One subscription's last events, one after another, until all are sent or given up."""

    @workflow.init
    @one_request
    def __init__(self, start: DeliveryStart) -> None:
        check_workflow_id(delivery_workflow_id(start.subscription_id), "subscription_id")
        self._subscription_id, self._last = start.subscription_id, start.last
        self._parts = Parts()
        self._note: str | None = None
        self._new_run = NewRun()
        self._notifier = Notifier(start.subscription_id, start.stream, lambda: start.last, self._show)

    @workflow.run
    async def run(self, start: DeliveryStart) -> Stream:
        """Send until nothing is left, even if the workflow is cancelled. A long run hands over to a new one."""
        self._parts.start(self._notifier.run())
        return await through_cancellations(self._deliver(), self._note_cancellation, self._parts)

    async def _deliver(self) -> Stream:
        self._show()
        await workflow.wait_condition(lambda: not self._notifier.behind or self._new_run.urgent)
        if self._notifier.behind:
            stream = self._notifier.handed_on()
            continue_as_new(ContinuedDelivery(subscription_id=self._subscription_id, last=self._last, stream=stream))
        self._show()
        return self._notifier.stream

    def _note_cancellation(self) -> None:
        self._note = NOT_BY_CANCELLATION
        workflow.logger.warning("delivery of %s: %s", self._subscription_id, self._note)
        self._show()

    def _show(self) -> None:
        stream, last = self._notifier.stream, self._last
        left = f"{last - stream.told} of the {last} events of {self._subscription_id}"
        title = f"## Notifications left for {stream.publisher}: {left}"
        note = ["", self._note] if self._note else []
        workflow.set_current_details("\n".join([title, *notification_lines(stream, last), *note]))
        search_attributes.upsert({search_attributes.ATTENTION: stream.trouble})

    retry_notification = part_update("_notifier", Notifier.retry_notification, Notifier.check_retry_notification)
    skip_notification = part_update("_notifier", Notifier.skip_notification, Notifier.check_skip_notification)
    migrate = part_update("_new_run", NewRun.migrate, NewRun.check_migrate)

    @workflow.query
    def stream(self) -> Stream:
        """How far the publisher has been notified."""
        return self._notifier.stream
