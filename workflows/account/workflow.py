"""The workflow that owns one customer's account: it closes months, follows unpaid invoices and takes payments."""

from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.accounts.activities import AccountActivities
    from activities.accounts.contracts import AccountRecordInput, CloseInput, HoldInput
    from domain.account.events import AccountRecord, Close, LiftHolds, PlaceHolds
    from domain.account.requests import AccountRequest, ChangeTerms, FailPayment, ReceivePayment
    from domain.account.terms import terms_of
    from domain.subscription.decision import Answer
    from domain.values import RequestInstant
    from statemachines.account.life import WAITING_KEPT, AccountLife, AccountSteps, Closing
    from statemachines.account.timeline import AccountMilestone, account_timeline, next_account_milestone
    from statemachines.subscription.life import NotNow
    from workflows.account.details import account_details, account_headline, account_markdown, effect_headline, standing
    from workflows.account.messages import (
        ACCOUNT_SIGNALS,
        AccountClosed,
        AccountDetails,
        AccountEvents,
        AccountStart,
        ContinuedAccount,
        StartAccount,
    )
    from workflows.durable import options, search_attributes
    from workflows.durable.long_lived import LongLived
    from workflows.durable.operator import Operator
    from workflows.durable.signals import read_signal, unreadable
    from workflows.durable.workflow_ids import account_workflow_id, check_workflow_id

NOT_BY_CANCELLATION = "Temporal's own cancellation ends no account."


@workflow.defn
class BillingAccountWorkflow(LongLived):
    """One customer's account. Handlers decide; `run` performs what was decided."""

    takes = (StartAccount, ContinuedAccount)

    @workflow.init
    def __init__(self, start: AccountStart) -> None:
        customer_id = start.life.account.customer_id if isinstance(start, ContinuedAccount) else start.customer_id
        check_workflow_id(account_workflow_id(customer_id), "customer_id")
        super().__init__(start.clock)
        self._living = AccountSteps()
        self._months_per_run = start.months_per_run
        self._life = start.life if isinstance(start, ContinuedAccount) else self._opened(start)
        self._months = 0

    @workflow.run
    async def run(self, start: AccountStart) -> AccountClosed:
        """Keep the account, for the part of its life that this run spans."""
        return await self._through_cancellations(self._live())

    def _not_by_cancellation(self) -> None:
        self._note_refusal(unreadable("cancel_workflow", self._now(), NOT_BY_CANCELLATION))

    async def _live(self) -> AccountClosed:
        """Perform what is waiting; else decide what had to wait; else hand over; else live on."""
        while True:
            self._show()
            if self._life.effects:
                await self._perform_first_effect()
            elif self._life.waiting:
                self._decide_first_waiting()
            elif self._run_is_long_enough():
                if not self._inbox:
                    self._continue_as_new()
                await self._inbox_emptied()
            elif not self._take_due_milestone():
                await self._sleep_until_something_happens()

    # Effects

    async def _perform_first_effect(self) -> None:
        effect = self._life.effects[0]
        try:
            match effect:
                case Close():
                    await self._close(effect)
                case AccountRecord():
                    await self._record(effect)
                case PlaceHolds() | LiftHolds():
                    await self._hold_or_lift(effect)
        except ActivityError as error:
            await self._wait_for_an_operator(error)

    async def _close(self, close: Close) -> None:
        receipt = await workflow.execute_activity_method(
            AccountActivities.close,
            CloseInput(customer_id=self._life.account.customer_id, close=close),
            start_to_close_timeout=options.CLOSE_TIMEOUT,
            retry_policy=options.WITHOUT_END,
            summary=effect_headline(close),
        )
        self._life = self._living.closed(self._life, receipt)
        self._months += 1

    async def _record(self, record: AccountRecord) -> None:
        await workflow.execute_activity_method(
            AccountActivities.record,
            AccountRecordInput(customer_id=self._life.account.customer_id, record=record),
            start_to_close_timeout=options.RECORD_TIMEOUT,
            retry_policy=options.WITHOUT_END,
            summary=effect_headline(record),
        )
        self._life = self._life.first_effect_done()

    async def _hold_or_lift(self, effect: PlaceHolds | LiftHolds) -> None:
        at = effect.at if self._clock else None
        entry = HoldInput(customer_id=self._life.account.customer_id, seq=effect.seq, at=at)
        await workflow.execute_activity_method(
            AccountActivities.hold if isinstance(effect, PlaceHolds) else AccountActivities.lift,
            entry,
            start_to_close_timeout=options.TELL_TIMEOUT,
            heartbeat_timeout=options.TELL_HEARTBEAT,
            retry_policy=options.WITHOUT_END,
            summary=effect_headline(effect),
        )
        self._life = self._life.first_effect_done()

    # Time

    @staticmethod
    def _opened(start: StartAccount) -> AccountLife:
        terms = terms_of(start.policy)
        terms = terms if start.suspends else terms.without_suspension()
        return AccountSteps.begin(start.customer_id, terms, start.opened_at, start.roles)

    def _now(self, as_of: datetime | None = None) -> datetime:
        """The account's now: its clock's time, and never before what has been decided."""
        return max(self._clock_time(as_of), self._clock_time(), self._life.accepted_at, self._life.account.last_at)

    def _take_due_milestone(self) -> bool:
        life = self._living.step(self._life, self._now())
        if life is None:
            return False
        self._life = life
        return True

    async def _sleep_until_something_happens(self) -> None:
        before = self._life
        milestone = next_account_milestone(before.account)
        await self._sleep_until(
            milestone.at,
            lambda: self._life is not before or self._new_run_wanted,
            account_headline(before.account, milestone),
        )

    # Runs

    def _run_is_long_enough(self) -> bool:
        return self._new_run_wanted or self._run_is_too_full() or self._months >= self._months_per_run

    def _continue_as_new(self) -> None:
        workflow.continue_as_new(
            ContinuedAccount(life=self._life, clock=self._clock, months_per_run=self._months_per_run)
        )

    # What people see

    def _show(self) -> None:
        workflow.set_current_details(account_markdown(self._life, self._attention))
        self._upsert(search_attributes.of_account(standing(self._life.account), self._attention))

    # Requests that may be refused. Each is a plain `def`: check, decision and new state are one step.

    def _answer(self, request: AccountRequest) -> Answer:
        self._life, answer = self._living.accept(self._life, request, request.at or self._now())
        return answer

    def _check(self, request: AccountRequest) -> None:
        """Refuse what is malformed or out of time before it enters history. Changes nothing."""
        try:
            self._living.check(self._life, request, self._now(), test_clock=self._clock is not None)
        except NotNow as error:
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from None

    @workflow.update
    def payment_received(self, request: ReceivePayment) -> Answer:
        """Money has come in (MON-6)."""
        return self._answer(request)

    @payment_received.validator
    def _check_payment_received(self, request: ReceivePayment) -> None:
        self._check(request)

    @workflow.update
    def payment_failed(self, request: FailPayment) -> Answer:
        """A payment was tried and failed (MON-6)."""
        return self._answer(request)

    @payment_failed.validator
    def _check_payment_failed(self, request: FailPayment) -> None:
        self._check(request)

    @workflow.update
    def change_terms(self, request: ChangeTerms) -> Answer:
        """Other terms of payment (MON-6)."""
        return self._answer(request)

    @change_terms.validator
    def _check_change_terms(self, request: ChangeTerms) -> None:
        self._check(request)

    @workflow.update
    def retry_effect(self, request: Operator) -> str:
        """Try the effect that failed for good once more, after its cause is mended."""
        return self._try_again(request)

    @retry_effect.validator
    def _check_retry_effect(self, request: Operator) -> None:
        self._check_try_again()

    @workflow.update
    def migrate(self, request: Operator) -> str:
        """Continue as new at the next quiet point, on the code that the workers run now."""
        return self._want_new_run(request)

    @migrate.validator
    def _check_migrate(self, request: Operator) -> None:
        """Nothing speaks against it: an account has no end."""

    # Facts from other services, whose senders want no answer.

    @workflow.signal(dynamic=True)
    def noted(self, name: str, args: Sequence[RawValue]) -> None:
        """Every signal: read strictly here, since the SDK would drop or wedge on what does not fit."""
        self._receive(name, args)

    def _take_signal(self, name: str, args: Sequence[RawValue]) -> None:
        at = self._now()
        try:
            request = read_signal(name, args, ACCOUNT_SIGNALS)
            self._living.check(self._life, request, at, test_clock=self._clock is not None)
        except Closing:
            # Its sender cannot be told to try again: it is decided once the month's invoices are written.
            if len(self._life.waiting) < WAITING_KEPT:
                self._life = self._life.model_copy(update={"waiting": (*self._life.waiting, request)})
                return
            self._note_refusal(unreadable(name, at, "too many are waiting for the month to be closed"))
        except (ApplicationError, NotNow) as error:
            self._note_refusal(unreadable(name, at, getattr(error, "message", str(error))))
        else:
            self._decide_signal(request, request.at or at)

    def _decide_first_waiting(self) -> None:
        request, *others = self._life.waiting
        at = max(request.at or self._now(), self._life.account.last_at)
        if (life := self._living.step(self._life, at)) is not None:
            # What is due by then comes first: another month may have ended, and this waits for it.
            self._life = life
            return
        self._life = self._life.model_copy(update={"waiting": tuple(others)})
        self._decide_signal(request, at)

    def _decide_signal(self, request: AccountRequest, at: datetime) -> None:
        self._life, answer = self._living.accept(self._life, request, at)
        if answer.refused:
            self._note_refusal(answer)

    def _note_refusal(self, answer: Answer) -> None:
        workflow.logger.warning("signal refused: %s %s %s", answer.do, answer.rule, answer.message)
        self._life = self._life.with_refused_signal(answer)

    # Views. They change nothing.

    @workflow.query
    def details(self, as_of: RequestInstant | None = None) -> AccountDetails:
        """The account as it stands, with what comes next; as of the sender's wall clock."""
        return account_details(self._life, self._now(as_of), self._attention, self._clock)

    @workflow.query
    def timeline(self) -> list[AccountMilestone]:
        """What will happen if nobody pays."""
        return account_timeline(self._life.account)

    @workflow.query
    def events(self) -> AccountEvents:
        """The last few events."""
        return AccountEvents(events=self._life.recent)

    @workflow.query
    def life(self) -> AccountLife:
        """The whole state, as it is handed from run to run."""
        return self._life
