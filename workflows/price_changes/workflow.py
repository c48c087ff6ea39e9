"""The workflow that sends the prices of a catalog version to subscriptions, once each (BUY-5)."""

from temporalio import workflow

from activities.prices.activities import PriceActivities
from activities.prices.contracts import Affected, AffectedInput, SendPricesInput
from workflows.durable import options
from workflows.durable.activities import RunIsOver, perform
from workflows.durable.arguments import check_workflow_id, one_request
from workflows.durable.new_run import NewRun, continue_as_new
from workflows.durable.updates import part_update
from workflows.durable.workflow_ids import price_workflow_id
from workflows.price_changes.details import markdown
from workflows.price_changes.messages import ContinuedTelling, PriceProgress, PriceStart


@workflow.defn
class PriceChangeWorkflow:
    """Sends one version's prices, page by page. A subscription that gets them twice takes them once.

    If a subscription could not be reached, or the workflow is cancelled, the version stays open: the next import of the
    catalog sends it again.
    """

    @workflow.init
    @one_request
    def __init__(self, start: PriceStart) -> None:
        check_workflow_id(price_workflow_id(start.version), "version")
        self._start = start
        self._progress = start.progress if isinstance(start, ContinuedTelling) else PriceProgress()
        self._after = start.after if isinstance(start, ContinuedTelling) else None
        self._batches = 0
        self._new_run = NewRun()

    @workflow.run
    async def run(self, start: PriceStart) -> PriceProgress:
        """Send page after page; hand over to a new run when this one is long; close the version."""
        self._show()
        try:
            while (page := await self._next_page()).subscription_ids:
                await self._send(page)
                if self._run_is_long_enough():
                    self._continue_as_new()
            if not self._progress.told.failures:
                await self._finish()
        except RunIsOver:
            self._continue_as_new()
        return self._progress

    # Steps

    async def _next_page(self) -> Affected:
        wanted = AffectedInput(version=self._start.version, after=self._after, limit=self._start.batch)
        summary = f"find subscriptions that version {self._start.version} affects, after {self._after or 'none'}"
        page = await perform(PriceActivities.affected, wanted, options.RECORD_TIMEOUT, summary, urgent=self._urgent)
        self._progress = self._progress.model_copy(update={"total": self._progress.done + page.total})
        self._show()
        return page

    async def _send(self, page: Affected) -> None:
        ids = page.subscription_ids
        told = await perform(
            PriceActivities.send,
            SendPricesInput(version=self._start.version, subscription_ids=ids),
            options.FAN_OUT_TIMEOUT,
            f"send prices to {len(ids)}: {ids[0]} to {ids[-1]}",
            urgent=self._urgent,
            priority=options.BATCH,
        )
        self._progress = self._progress.model_copy(
            update={"done": self._progress.done + len(ids), "told": self._progress.told + told}
        )
        self._after = ids[-1]
        self._batches += 1
        self._show()

    async def _finish(self) -> None:
        version, summary = self._start.version, f"all subscriptions have version {self._start.version}"
        await perform(PriceActivities.finish, version, options.RECORD_TIMEOUT, summary, urgent=self._urgent)

    # Runs

    def _urgent(self) -> bool:
        return self._new_run.urgent

    def _run_is_long_enough(self) -> bool:
        return self._batches >= self._start.batches_per_run or self._urgent()

    def _continue_as_new(self) -> None:
        start = self._start
        continue_as_new(
            ContinuedTelling(
                version=start.version,
                batch=start.batch,
                batches_per_run=start.batches_per_run,
                progress=self._progress,
                after=self._after,
            )
        )

    migrate = part_update("_new_run", NewRun.migrate, NewRun.check_migrate)

    # What people see

    def _show(self) -> None:
        workflow.set_current_details(markdown(self._start.version, self._progress))

    @workflow.query
    def progress(self) -> PriceProgress:
        """How many subscriptions have the prices, and the results."""
        return self._progress
