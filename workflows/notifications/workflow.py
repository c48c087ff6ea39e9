"""The workflow that tells a publisher what an ended life has left to tell."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.durable import search_attributes
    from workflows.durable.long_lived import LongLived
    from workflows.durable.start_guard import OneRequest
    from workflows.durable.workflow_ids import check_workflow_id, delivery_workflow_id
    from workflows.notifications.messages import Deliver, Stream, told_lines
    from workflows.notifications.teller import Telling


@workflow.defn
class DeliveryWorkflow(OneRequest, Telling):
    """One subscription's last events, one after the other, until all are told or given up."""

    takes = (Deliver,)

    @workflow.init
    def __init__(self, start: Deliver) -> None:
        check_workflow_id(delivery_workflow_id(start.subscription_id), "subscription_id")
        self._start = start
        self._told_of = start.subscription_id
        self._stream = Stream(publisher=start.publisher, told=start.told)

    @workflow.run
    async def run(self, start: Deliver) -> Stream:
        """Tell on until nothing is left; hand over to a new run when this one is long."""
        self._show()
        self._begin_telling()
        await workflow.wait_condition(lambda: not self._is_behind() or self._run_is_long_enough())
        if self._is_behind():
            stream = self._stream
            workflow.continue_as_new(
                self._start.model_copy(update={"publisher": stream.publisher, "told": stream.told})
            )
        self._show()
        return self._stream

    def _run_is_long_enough(self) -> bool:
        # Nor while an operator's decision is still to be carried out: a new run would not know of it.
        stream = self._stream
        stays = stream.halted is not None or stream.afresh or stream.skip is not None
        return workflow.info().is_continue_as_new_suggested() and not stays

    def _last_recorded(self) -> int:
        return self._start.last

    def _show(self) -> None:
        stream, last = self._stream, self._start.last
        title = (
            f"## What {self._told_of} has left to tell {stream.publisher}: {last - stream.told} of its {last} events"
        )
        workflow.set_current_details("\n".join([title, *told_lines(stream, last)]))
        LongLived._upsert({search_attributes.ATTENTION: stream.trouble})

    @workflow.query
    def stream(self) -> Stream:
        """How far it has come."""
        return self._stream
