"""What a start of a workflow that does not exist runs: it fails in one line."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from workflows.durable.arguments import malformed


@workflow.defn(dynamic=True)
class UnknownWorkflow:
    """Fails. Without it, the first task would be tried for ever, and the workflow would keep its id for nothing."""

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> None:
        """Raise ApplicationError of type `Malformed`."""
        came = ascii(workflow.info().workflow_type)[1:-1]
        raise malformed(f"there is no workflow type {came}; docs/contract has those that there are")
