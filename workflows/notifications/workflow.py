"""The workflow that sends a publisher the last notifications of a subscription that has ended."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.durable import search_attributes
    from workflows.durable.arguments import check_workflow_id, one_request
    from workflows.durable.updates import part_update
    from workflows.durable.workflow_ids import delivery_workflow_id
    from workflows.notifications.messages import Deliver, Stream, notification_lines
    from workflows.notifications.notifier import Notifier


@workflow.defn
class DeliveryWorkflow:
    """One subscription's last events, one after another, until all are sent or given up."""

    @workflow.init
    @one_request
    def __init__(self, start: Deliver) -> None:
        check_workflow_id(delivery_workflow_id(start.subscription_id), "subscription_id")
        self._start = start
        stream = Stream(publisher=start.publisher, told=start.told)
        self._notifier = Notifier(start.subscription_id, stream, lambda: start.last, self._show)

    @workflow.run
    async def run(self, start: Deliver) -> Stream:
        """Send until nothing is left; hand over to a new run when this one is long."""
        self._show()
        self._notifier.begin()
        await workflow.wait_condition(lambda: not self._notifier.behind or self._run_is_long_enough())
        if self._notifier.behind:
            stream = self._notifier.stream
            workflow.continue_as_new(
                self._start.model_copy(update={"publisher": stream.publisher, "told": stream.told})
            )
        self._show()
        return self._notifier.stream

    def _run_is_long_enough(self) -> bool:
        # Not while an operator's decision is still to be carried out: a new run would not know of it.
        stream = self._notifier.stream
        stays = stream.halted is not None or stream.afresh or stream.skip is not None
        return workflow.info().is_continue_as_new_suggested() and not stays

    def _show(self) -> None:
        stream, last = self._notifier.stream, self._start.last
        left = f"{last - stream.told} of the {last} events of {self._start.subscription_id}"
        title = f"## Notifications left for {stream.publisher}: {left}"
        workflow.set_current_details("\n".join([title, *notification_lines(stream, last)]))
        search_attributes.upsert({search_attributes.ATTENTION: stream.trouble})

    retry_notification = part_update("_notifier", Notifier.retry_notification, Notifier.check_retry_notification)
    skip_notification = part_update("_notifier", Notifier.skip_notification, Notifier.check_skip_notification)

    @workflow.query
    def stream(self) -> Stream:
        """How far the publisher has been notified."""
        return self._notifier.stream
