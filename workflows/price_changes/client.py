"""The way in for Python callers that have prices told: tell, look, wait."""

from collections.abc import Callable
from datetime import timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from workflows.calls.asking import SubscriptionError, asked, looked
from workflows.calls.waiting import awaited
from workflows.durable import options
from workflows.price_changes.messages import PriceProgress, TellPrices, price_workflow_id
from workflows.price_changes.workflow import PriceChangeWorkflow


class PricesNotTold(SubscriptionError):
    """The telling of a version's prices was ended before its end; the next import takes it up again."""


class UnknownTelling(SubscriptionError):
    """The server knows no telling of that version (any more)."""


class PriceClient:
    """Tellings of prices on one Temporal server, by the catalog's versions."""

    def __init__(self, client: Client, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    def handle(self, version: int) -> WorkflowHandle[PriceChangeWorkflow, PriceProgress]:
        """The workflow that tells the version's prices, or told them last."""
        return self._client.get_workflow_handle_for(PriceChangeWorkflow.run, price_workflow_id(version))

    async def tell(self, version: int) -> None:
        """Have the version's prices told, or go on with it where that is under way. Returns once the server has it.

        Told again, nobody takes them twice (BUY-5). Raises NotAnswered.
        """

        async def send() -> None:
            await self._client.start_workflow(
                PriceChangeWorkflow.run,
                TellPrices(version=version),
                id=price_workflow_id(version),
                task_queue=self._task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                task_timeout=options.TASK_TIMEOUT,
                static_summary=f"prices of catalog version {version}",
            )

        await asked(_named(version), send, lambda error: UnknownTelling(error.message))

    async def progress(self, version: int) -> PriceProgress:
        """How far the telling has come. Raises UnknownTelling."""
        handle = self.handle(version)

        async def send(patience: timedelta) -> PriceProgress:
            found: PriceProgress = await handle.query("progress", result_type=PriceProgress, rpc_timeout=patience)
            return found

        def missing(_: RPCError) -> SubscriptionError:
            return UnknownTelling(f"nothing of catalog version {version} is told on this server; import it again")

        return await asked(_named(version), lambda: looked(send), missing)

    async def settled(self, version: int, watch: Callable[[PriceProgress], None] = lambda _: None) -> PriceProgress:
        """Wait until all have been told; `watch` is told how far it has come.

        Raises PricesNotTold, UnknownTelling, and NotAnswered where it comes no further.
        """

        async def look() -> PriceProgress:
            return await self.progress(version)

        return await awaited(_named(version), self.handle(version), look, watch, PricesNotTold)


def _named(version: int) -> str:
    return f"prices of catalog version {version}"
