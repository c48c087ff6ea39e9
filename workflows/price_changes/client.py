"""The client of price changes: send a catalog version's prices, look how far that is, wait for the end."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from temporalio.client import WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.calls.attempts import call
from workflows.calls.errors import NotFound
from workflows.calls.target import Target, WorkflowClient
from workflows.calls.waiting import result_of
from workflows.durable import options
from workflows.durable.workflow_ids import price_workflow_id
from workflows.price_changes.messages import PriceProgress, TellPrices
from workflows.price_changes.workflow import PriceChangeWorkflow


class PriceClient(WorkflowClient):
    """Price changes on one Temporal server, by the catalog's versions."""

    def handle(self, version: int) -> WorkflowHandle[PriceChangeWorkflow, PriceProgress]:
        """The workflow that sends the version's prices, or sent them last."""
        return self._client.get_workflow_handle_for(PriceChangeWorkflow.run, price_workflow_id(version))

    async def tell(self, version: int) -> None:
        """Start to send the version's prices, or leave it to the run that is sending them now.

        Returns once the server has it. Sent again, the prices change nothing (BUY-5). Raises CallError.
        """

        async def send(_: timedelta) -> None:
            await self._client.start_workflow(
                PriceChangeWorkflow.run,
                TellPrices(version=version),
                id=price_workflow_id(version),
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                task_timeout=options.TASK_TIMEOUT,
                static_summary=_name(version),
            )

        await call(_name(version), send, lambda error: NotFound(error.message))

    async def progress(self, version: int) -> PriceProgress:
        """How many subscriptions have the prices. Raises CallError."""
        return await self._target(version).query("progress", PriceProgress)

    async def settled(self, version: int, watch: Callable[[PriceProgress], None] = lambda _: None) -> PriceProgress:
        """Wait until all subscriptions have the prices; `watch` is called with each new progress.

        Raises WorkflowFailed (the next import sends the prices again), NotFound, and NotAnswered without progress.
        """
        look = partial(self.progress, version)
        return await result_of(_name(version), self._client, self.handle(version), look, watch)

    def _target(self, version: int) -> Target:
        not_found = NotFound(f"No prices of catalog version {version} are being sent on this server. Import it again.")
        return Target(self._client, price_workflow_id(version), _name(version), not_found)


def _name(version: int) -> str:
    return f"prices of catalog version {version}"
