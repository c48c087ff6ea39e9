"""The workflow that owns one customer's account: it closes months, follows unpaid invoices and takes payments."""

from collections.abc import Sequence
from functools import partial

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

from domain.account.account import Look
from domain.account.events import AccountRecord, Close, LiftHolds, Open, PlaceHolds
from domain.account.held import HeldAccount
from domain.account.requests import AnyAccountRequest
from domain.values import RequestInstant
from statemachines.account.life import WAITING_KEPT, AccountLife, AccountSteps, Closing
from statemachines.account.timeline import AccountMilestone, account_timeline, next_account_milestone
from statemachines.conflicts.account import conflict_of, settle
from statemachines.subscription.not_now import NotNow
from workflows.account import effects
from workflows.account.details import account_details, account_headline, account_markdown, account_status
from workflows.account.memory import FromBooks
from workflows.account.messages import (
    ACCOUNT_REQUESTS,
    ACCOUNT_SIGNALS,
    AccountClosed,
    AccountDetails,
    AccountEvents,
    AccountStart,
    ContinuedAccount,
    RowsWritten,
)
from workflows.durable import search_attributes
from workflows.durable.activities import RunIsOver
from workflows.durable.arguments import check_workflow_id, one_request
from workflows.durable.cancellation import Parts, not_by_cancellation, through_cancellations
from workflows.durable.clock import Clock, TestClock
from workflows.durable.committed import CommitWaits
from workflows.durable.decisions import Decisions
from workflows.durable.inbox import Inbox
from workflows.durable.new_run import RunBudget, continue_as_new
from workflows.durable.operator import LifeConflicts, OperatorWait, RequestNewRun
from workflows.durable.updates import part_update, request_updates
from workflows.durable.workflow_ids import account_workflow_id

NOT_BY_CANCELLATION = not_by_cancellation("account.")


@workflow.defn
@request_updates(ACCOUNT_REQUESTS, "_decisions")
class BillingAccountWorkflow:
    """One customer's account. Handlers decide; `run` performs what was decided.

    It has one update per entry of ACCOUNT_REQUESTS, each decided by `_decisions`, and those of its parts, below.
    """

    @workflow.init
    @one_request
    def __init__(self, start: AccountStart) -> None:
        customer_id = start.life.account.customer_id if isinstance(start, ContinuedAccount) else start.customer_id
        check_workflow_id(account_workflow_id(customer_id), "customer_id")
        self._clock, self._parts = Clock(start.clock), Parts()
        life = start.life if isinstance(start, ContinuedAccount) else start.opened(self._clock.time())
        self._steps, memory = AccountSteps(), FromBooks(customer_id, lambda: self._life)
        settling = partial(settle, self._steps)
        conflicts = LifeConflicts(lambda: self._decisions, lambda: self._budget, HeldAccount, conflict_of, settling)
        self._operator = OperatorWait(self._show, self._urgent, conflicts)
        last_at, stuck = lambda life: life.account.last_at, self._operator.is_stuck
        self._decisions = Decisions(self._steps, life, self._clock, last_at, stuck, memory)
        self._inbox = Inbox(ACCOUNT_SIGNALS, self._take_signal, self._decisions.note_refused_signal, self._parts)
        self._budget = RunBudget(start.months_per_run, self._inbox, lambda: self._decisions.answered)
        self._decisions.fence.look = self._catch_up
        self._commits = CommitWaits(self._decisions, self._operator)

    @workflow.run
    async def run(self, start: AccountStart) -> AccountClosed:
        """Keep the account until the end of this run."""
        note = partial(self._decisions.note_cancellation, NOT_BY_CANCELLATION)
        return await through_cancellations(self._live(), note, self._parts)

    async def _live(self) -> AccountClosed:
        """Hand over to a new run; else perform what is waiting; else decide what had to wait; else go on."""
        while True:
            self._show()
            try:
                if self._decisions.fence.up:
                    await self._decisions.fence.passed()
                elif self._budget.over(idle=not self._life.effects and not self._life.waiting):
                    await self._hand_over()
                elif self._life.effects:
                    await self._perform_first_effect()
                elif self._life.waiting:
                    await self._decide_first_waiting()
                elif not self._decisions.take_due_milestone():
                    await self._sleep_until_something_happens()
            except (ActivityError, NotNow) as error:
                await self._operator.after(error)
            except RunIsOver:
                continue

    @property
    def _life(self) -> AccountLife:
        return self._decisions.life

    def _urgent(self) -> bool:
        return self._budget.urgent or self._decisions.fence.up

    # Effects

    async def _perform_first_effect(self) -> None:
        match effect := self._life.effects[0]:
            case Open():
                await self._open(effect)
            case Close():
                receipt = await effects.close(self._life.account, self._clock.test, effect, self._urgent)
                self._decisions.life = self._steps.closed(self._life, receipt)
                self._budget.spend()
            case Look():
                seen = await effects.look(self._life.account, effect, self._urgent)
                self._decisions.life = self._steps.looked(self._life, seen)
            case AccountRecord() | PlaceHolds() | LiftHolds():
                await self._perform_other(effect)

    async def _open(self, effect: Open) -> None:
        """What the books say of it counts, whatever the start has said."""
        opened = await effects.open_account(self._life.account, self._clock.test, effect, self._urgent)
        self._clock.test = None if opened.ahead_by is None else TestClock.ahead_by(opened.ahead_by)
        self._decisions.life = self._life.opened_as(opened.life)

    async def _perform_other(self, effect: AccountRecord | PlaceHolds | LiftHolds) -> None:
        account, clock = self._life.account, self._clock.test
        if isinstance(effect, AccountRecord):
            await effects.record(account, clock, effect, self._urgent)
        else:
            await effects.hold_or_lift(account, clock, effect, self._urgent)
        self._decisions.life = self._life.first_effect_done()

    async def _catch_up(self) -> bool:
        """Go on from the books where they are ahead of this run; whether they are. Raises ActivityError."""
        opened = await effects.open_account(self._life.account, self._clock.test, Open(), lambda: False)
        if not opened.life.is_ahead_of(self._life):
            return False
        self._decisions.begin_again(self._life.opened_as(opened.life))
        return True

    # Time and runs

    async def _sleep_until_something_happens(self) -> None:
        before = self._life
        await self._clock.sleep_until(
            before.due_at,
            lambda: self._life is not before or self._urgent(),
            account_headline(before.account, next_account_milestone(before.account)),
        )

    async def _hand_over(self) -> None:
        """Continue as new, as soon as no signal waits to be read, and no request for the books."""
        if not self._inbox.empty or self._decisions.recalls.waiting:
            await self._inbox.emptied()
            await self._decisions.recalls.done()
            return
        await self._commits.ended()
        life, clock = self._life.handed_on(), self._clock.test
        continue_as_new(ContinuedAccount(life=life, clock=clock, months_per_run=self._budget.periods))

    # What people see

    def _show(self) -> None:
        status = account_status(self._life.account)
        search_attributes.upsert(search_attributes.of_account(status, self._operator.attention))

    def current_details(self) -> str:
        """What the Web UI shows of it."""
        return account_markdown(self._life, self._operator.attention, self._operator.conflict)

    # Requests. The updates that take a request to the account are made by `request_updates` above.

    retry_effect = part_update("_operator", OperatorWait.retry_effect, OperatorWait.check_retry_effect)
    settle_conflict = part_update("_operator", OperatorWait.settle_conflict, OperatorWait.check_settle_conflict)
    committed = part_update("_commits", CommitWaits.committed, CommitWaits.check_committed)
    migrate = part_update("_budget", RunBudget.migrate, RunBudget.check_migrate)

    @workflow.signal(dynamic=True)
    def noted(self, name: str, args: Sequence[RawValue]) -> None:
        """Every signal: a request of another service that wants no answer."""
        self._inbox.receive(name, args)

    def _take_signal(self, name: str, request: AnyAccountRequest | RequestNewRun | RowsWritten) -> None:
        if isinstance(request, RequestNewRun):
            self._budget.migrate(request)
            return
        if isinstance(request, RowsWritten):
            at = request.at if self._clock.test else min(request.at, self._decisions.now())
            self._decisions.life = self._life.considering(at)
            return
        try:
            self._decisions.check_signal(request)
        except Closing:
            # Its sender cannot be told to try again: it is decided once the month's invoices are written.
            self._put_by(name, request)
        except NotNow as error:
            self._decisions.note_refused_signal(name, str(error))
        else:
            if self._decisions.fence.up or self._decisions.recalls.lacks(self._life, request):
                self._put_by(name, request)
            else:
                self._decisions.answer_signal(name, request, request.at or self._decisions.now())

    def _put_by(self, name: str, request: AnyAccountRequest) -> None:
        if len(self._life.waiting) < WAITING_KEPT:
            self._wait_with((*self._life.waiting, request))
        else:
            self._decisions.note_refused_signal(name, "too many are waiting to be decided")

    async def _decide_first_waiting(self) -> None:
        request = self._life.waiting[0]
        if self._decisions.recalls.lacks(self._life, request):
            await self._decisions.recall(request)
            if self._life.lacks(request):  # another correction was decided meanwhile, and is recorded first
                return
        at = max(request.at or self._decisions.now(), self._life.account.last_at)
        # What is due by then comes first: another month may have ended, and this waits for it.
        if not self._decisions.take_due_milestone(at):
            self._wait_with(self._life.waiting[1:])
            self._decisions.answer_signal(request.do, request, at)

    def _wait_with(self, waiting: tuple[AnyAccountRequest, ...]) -> None:
        self._decisions.life = self._life.model_copy(update={"waiting": waiting})

    # Views. They change nothing.

    @workflow.query
    def details(self, as_of: RequestInstant | None = None) -> AccountDetails:
        """The account and its timeline, as of the sender's wall clock."""
        now, operator = self._decisions.now(as_of), self._operator
        return account_details(self._life, now, operator.attention, self._clock.test, operator.conflict)

    @workflow.query
    def timeline(self) -> list[AccountMilestone]:
        """What happens next if nobody pays."""
        return account_timeline(self._life.account)

    @workflow.query
    def events(self) -> AccountEvents:
        """The last few events; the books have all."""
        return AccountEvents(events=self._life.recent)

    @workflow.query
    def life(self) -> AccountLife:
        """The whole state, for comparisons; its fields are not part of the contract."""
        return self._life
