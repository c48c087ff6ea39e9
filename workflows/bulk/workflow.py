"""The workflow that carries out a bulk operation: batch by batch, from the books, each item once."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.bulk.activities import BulkActivities
from activities.bulk.contracts import BatchInput, StateInput
from domain.bulk.items import ItemStatus
from domain.bulk.operations import MOST_FAILED, BulkState, reason_to_pause
from domain.bulk.totals import Totals
from workflows.bulk.details import markdown
from workflows.bulk.messages import BulkProgress, BulkStart, ContinuedBulk, StartBulk
from workflows.bulk.steering import Steering
from workflows.durable import options
from workflows.durable.activities import RunIsOver, perform
from workflows.durable.arguments import check_workflow_id, one_request
from workflows.durable.new_run import NewRun, continue_as_new
from workflows.durable.updates import part_update
from workflows.durable.workflow_ids import bulk_workflow_id


@workflow.defn
class BulkWorkflow:
    """Sends an operation's items until none waits. The items and their results are in the books, not in the history.

    It pauses by itself where too many fail, and at the end where some have failed: then people resume or stop it.
    Temporal's own cancellation leaves the operation as it is; started again, it goes on with what waits.
    """

    @workflow.init
    @one_request
    def __init__(self, start: BulkStart) -> None:
        check_workflow_id(bulk_workflow_id(start.bulk_id), "bulk_id")
        self._start = start
        self._canary = start.canary
        match start:
            case ContinuedBulk():
                self._totals = start.totals
                self._steering = Steering(start.per_second, start.state, start.reason, again=start.again)
            case StartBulk():
                self._totals = Totals()
                # A run that somebody starts goes on with what an earlier one has left.
                state = BulkState.PAUSED if start.paused else BulkState.RUNNING
                self._steering = Steering(start.per_second, state, start.paused, again=True)
        self._noted: StateInput | None = None
        self._batches = 0
        self._new_run = NewRun()

    @workflow.run
    async def run(self, start: BulkStart) -> BulkProgress:
        """Note how it stands; send batch after batch, rest while it is paused; hand over when the run is long."""
        try:
            while not (await self._note()).final:
                if self._steering.state is BulkState.PAUSED:
                    await self._rest()
                else:
                    await self._send()
                if self._run_is_long_enough():
                    self._continue_as_new()
        except RunIsOver:
            self._continue_as_new()
        except ActivityError as error:
            if not isinstance(error.cause, ApplicationError):
                raise
            raise ApplicationError(error.cause.message, type=error.cause.type, non_retryable=True) from None
        return self.progress()

    # Steps

    async def _note(self) -> BulkState:
        """Record how the operation stands, until the books know it, and return that."""
        while (now := self._standing()) != self._noted:
            words = f"note that it is {now.state}"
            self._totals = await perform(BulkActivities.note, now, options.RECORD_TIMEOUT, words, urgent=self._urgent)
            self._noted = now
        return self._steering.state

    async def _rest(self) -> None:
        await workflow.wait_condition(lambda: self._standing() != self._noted or self._urgent())

    def _standing(self) -> StateInput:
        steering = self._steering
        return StateInput(
            bulk_id=self._start.bulk_id, state=steering.state, reason=steering.reason, per_second=steering.per_second
        )

    async def _send(self) -> None:
        """Send the next batch, and look whether that is all, or too many have failed."""
        steering = self._steering
        again, steering.again = steering.again, False
        try:
            sent = await perform(
                BulkActivities.send,
                self._next_batch(again=again),
                options.FAN_OUT_TIMEOUT,
                f"send the next of {self._totals.count(ItemStatus.WAITING):,} that wait",
                urgent=self._urgent,
                priority=options.BATCH,
            )
        except RunIsOver:
            steering.again = again or steering.again
            raise
        self._totals = sent.totals
        self._batches += 1
        if sent.state.final:
            steering.become(sent.state)
        elif steering.state is BulkState.RUNNING:
            self._look(sent.tried)

    def _next_batch(self, *, again: bool) -> BatchInput:
        failed = 0 if again else self._totals.count(ItemStatus.FAILED)
        per_second = self._steering.per_second
        few = min(self._start.batch, per_second * options.BULK_BATCH_SECONDS)
        return BatchInput(
            bulk_id=self._start.bulk_id,
            limit=self._canary or few,
            per_second=per_second,
            most_failed=1 if self._canary else max(1, MOST_FAILED - failed),
            again=again,
        )

    def _look(self, tried: int) -> None:
        failed, waiting = (self._totals.count(status) for status in (ItemStatus.FAILED, ItemStatus.WAITING))
        reason = reason_to_pause(failed=failed, tried=tried, canary=self._canary > 0, waiting=waiting)
        if reason:
            self._steering.become(BulkState.PAUSED, reason)
        elif not waiting:
            self._steering.become(BulkState.DONE)
        else:
            self._canary = 0

    # Runs

    def _urgent(self) -> bool:
        return self._new_run.urgent

    def _run_is_long_enough(self) -> bool:
        return not self._steering.state.final and (self._batches >= self._start.batches_per_run or self._urgent())

    def _continue_as_new(self) -> None:
        start, steering = self._start, self._steering
        continue_as_new(
            ContinuedBulk(
                bulk_id=start.bulk_id,
                per_second=steering.per_second,
                canary=self._canary,
                batch=start.batch,
                batches_per_run=start.batches_per_run,
                state=steering.state,
                reason=steering.reason,
                again=steering.again,
                totals=self._totals,
            )
        )

    pause = part_update("_steering", Steering.pause, Steering.check_pause)
    resume = part_update("_steering", Steering.resume, Steering.check_resume)
    stop = part_update("_steering", Steering.stop, Steering.check_stop)
    set_rate = part_update("_steering", Steering.set_rate, Steering.check_set_rate)
    migrate = part_update("_new_run", NewRun.migrate, NewRun.check_migrate)

    # What people see

    def current_details(self) -> str:
        """What the Web UI shows of it."""
        return markdown(self.progress())

    @workflow.query
    def progress(self) -> BulkProgress:
        """How far it is, and what it comes to so far."""
        steering = self._steering
        return BulkProgress.of(self._start.bulk_id, steering.state, steering.reason, steering.per_second, self._totals)
