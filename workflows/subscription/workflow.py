"""The workflow that owns one subscription's timeline, for years: what `run` does is its table of contents."""

from collections.abc import Sequence
from datetime import datetime

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.billing.activities import BillingActivities
    from activities.billing.contracts import RecordInput
    from activities.provisioning.activities import ProvisioningActivities
    from activities.provisioning.contracts import ProvisionInput
    from domain.subscription import commands
    from domain.subscription.commands import AnyCommand, Command
    from domain.subscription.decision import Answer
    from domain.subscription.effects import Access, Provision, Record
    from domain.subscription.events import EventName
    from domain.values import RequestInstant, format_instant
    from statemachines.preview.simulator import Simulator
    from statemachines.subscription.life import Life, LifeSteps, NotNow
    from statemachines.subscription.narrative import headline, provision_headline, record_headline
    from statemachines.subscription.timeline import Milestone, next_milestone, timeline
    from workflows.durable import options, search_attributes
    from workflows.durable.long_lived import LongLived
    from workflows.durable.operator import Operator
    from workflows.durable.signals import read_signal, unreadable
    from workflows.durable.workflow_ids import check_workflow_id, subscription_workflow_id
    from workflows.notifications.messages import Stream
    from workflows.notifications.teller import Telling
    from workflows.subscription.details import details, markdown
    from workflows.subscription.messages import (
        SIGNALS,
        Continued,
        Details,
        Ended,
        Events,
        Forecast,
        Migration,
        Purchase,
        Start,
        WhatIf,
    )

BILLED = frozenset({EventName.CONVERTED, EventName.RENEWED, EventName.PERIOD_CHARGED})
NOT_BY_CANCELLATION = "Temporal's own cancellation ends no subscription: send the update `cancel`."


@workflow.defn
class SubscriptionWorkflow(LongLived, Telling):
    """One subscription, from purchase to its end. Handlers decide; `run` performs what was decided and tells of it."""

    takes = (Purchase, Continued)

    @workflow.init
    def __init__(self, start: Start) -> None:
        subscription_id = (start.life.subscription if isinstance(start, Continued) else start.order).subscription_id
        check_workflow_id(subscription_workflow_id(subscription_id), "order.subscription_id")
        super().__init__(start.clock)
        self._living = LifeSteps()
        self._periods_per_run = start.periods_per_run
        self._life = start.life if isinstance(start, Continued) else self._living.begin(start.order)
        self._invoiced = isinstance(start, Purchase) and start.invoiced
        self._periods = 0
        self._told_of = subscription_id
        self._stream = start.stream if isinstance(start, Continued) else Stream()

    @workflow.run
    async def run(self, start: Start) -> Ended:
        """Live the subscription's life, or the part of it that this run spans."""
        self._begin_telling()
        return await self._through_cancellations(self._live())

    def _not_by_cancellation(self) -> None:
        self._note_refusal(unreadable("cancel_workflow", self._now(), NOT_BY_CANCELLATION))

    async def _live(self) -> Ended:
        """Perform what is waiting; else hand over to a new run; else live on to the next milestone or command."""
        while not self._life.ended:
            self._show()
            if self._life.effects:
                await self._perform_first_effect()
            elif self._run_is_long_enough():
                if not self._inbox:
                    self._continue_as_new()
                await self._inbox_emptied()
            elif not self._take_due_milestone():
                await self._sleep_until_something_happens()
        await self._inbox_emptied()
        self._show()
        await self._hand_over_what_is_untold()
        last = self._life.subscription
        return Ended(subscription_id=last.subscription_id, state=last.state, events=last.seq, ended_at=last.last_at)

    # Effects

    async def _perform_first_effect(self) -> None:
        effect = self._life.effects[0]
        try:
            if isinstance(effect, Record):
                await self._record(effect)
            else:
                await self._provision(effect)
        except ActivityError as error:
            await self._wait_for_an_operator(error)

    async def _record(self, record: Record) -> None:
        ahead_by = self._clock.offset if self._clock else None
        receipt = await workflow.execute_activity_method(
            BillingActivities.record,
            RecordInput.of(self._life.subscription, record, invoiced=self._invoiced, ahead_by=ahead_by),
            start_to_close_timeout=options.RECORD_TIMEOUT,
            retry_policy=options.WITHOUT_END,
            summary=record_headline(record),
        )
        self._life = self._life.acknowledged(receipt)
        self._stream = self._stream.addressed_to(receipt.publisher)
        self._periods += sum(event.event in BILLED for event in record.events)

    async def _provision(self, provision: Provision) -> None:
        subscription = self._life.subscription
        change = ProvisionInput(
            subscription_id=subscription.subscription_id,
            customer_id=subscription.customer_id,
            offer_id=subscription.offer.id,
            provision=provision,
        )
        activity = {
            Access.GRANT: ProvisioningActivities.grant,
            Access.REVOKE: ProvisioningActivities.revoke,
            Access.PURGE: ProvisioningActivities.purge,
        }[provision.access]
        await workflow.execute_activity_method(
            activity,
            change,
            start_to_close_timeout=options.PROVISION_TIMEOUT,
            retry_policy=options.WITHOUT_END,
            summary=provision_headline(provision),
        )
        self._life = self._life.with_access_confirmed()

    # Its publisher

    def _last_recorded(self) -> int:
        return self._life.committed

    # Time

    def _now(self, as_of: datetime | None = None) -> datetime:
        """The subscription's now: its clock's time, and never before what has been decided.

        A query runs at the last task's time; its sender's wall clock (`as_of`) is nearer to now.
        """
        return max(self._clock_time(as_of), self._clock_time(), self._life.accepted_at, self._life.subscription.last_at)

    def _take_due_milestone(self) -> bool:
        life = self._living.step(self._life, self._now())
        if life is None:
            return False
        self._life = life
        return True

    async def _sleep_until_something_happens(self) -> None:
        before = self._life
        milestone = next_milestone(before.subscription)
        assert milestone is not None
        await self._sleep_until(
            milestone.at,
            lambda: self._life is not before or self._new_run_wanted,
            headline(self._living.lifecycle, before.subscription, milestone),
        )

    # Runs

    def _run_is_long_enough(self) -> bool:
        return self._new_run_wanted or self._run_is_too_full() or self._periods >= self._periods_per_run

    def _continue_as_new(self) -> None:
        workflow.continue_as_new(
            Continued(life=self._life, clock=self._clock, periods_per_run=self._periods_per_run, stream=self._stream)
        )

    # What people see

    def _show(self) -> None:
        now = self._now()
        workflow.set_current_details(markdown(self._life, self._living.lifecycle, now, self._attention, self._stream))
        self._upsert(search_attributes.changing(self._life.subscription, self._attention or self._stream.trouble))

    # Requests that may be refused. Each is a plain `def`: check, decision and new state are one step.

    def _answer(self, request: Command) -> Answer:
        request = self._with_id(request)
        self._life, answer = self._living.accept(self._life, request, request.at or self._now())
        return answer

    def _check(self, request: Command) -> None:
        """Refuse what is malformed or out of time before it enters history. Changes nothing."""
        try:
            self._living.check(self._life, self._with_id(request), self._now(), test_clock=self._clock is not None)
        except NotNow as error:
            raise ApplicationError(str(error), type=type(error).__name__, non_retryable=True) from None

    @staticmethod
    def _with_id(request: Command) -> Command:
        """The request with its command id: its own, else the update's, which outlives no run."""
        info = workflow.current_update_info()
        if request.command_id is not None or info is None:
            return request
        return request.model_copy(update={"command_id": info.id})

    @workflow.update
    def activate(self, request: commands.Activate) -> Answer:
        """The publisher's set-up is done (ISV-4)."""
        return self._answer(request)

    @activate.validator
    def _check_activate(self, request: commands.Activate) -> None:
        self._check(request)

    @workflow.update
    def change_quantity(self, request: commands.ChangeQuantity) -> Answer:
        """Another number of licences (MON-4)."""
        return self._answer(request)

    @change_quantity.validator
    def _check_change_quantity(self, request: commands.ChangeQuantity) -> None:
        self._check(request)

    @workflow.update
    def reject_quantity(self, request: commands.RejectQuantity) -> Answer:
        """The publisher does not accept the last change of the quantity (MON-4)."""
        return self._answer(request)

    @reject_quantity.validator
    def _check_reject_quantity(self, request: commands.RejectQuantity) -> None:
        self._check(request)

    @workflow.update
    def set_add_on(self, request: commands.SetAddOn) -> Answer:
        """So many of an add-on (MON-4)."""
        return self._answer(request)

    @set_add_on.validator
    def _check_set_add_on(self, request: commands.SetAddOn) -> None:
        self._check(request)

    @workflow.update
    def suspend(self, request: commands.Suspend) -> Answer:
        """Place a hold (SUS-1)."""
        return self._answer(request)

    @suspend.validator
    def _check_suspend(self, request: commands.Suspend) -> None:
        self._check(request)

    @workflow.update
    def reactivate(self, request: commands.Reactivate) -> Answer:
        """Lift every hold (SUS-5)."""
        return self._answer(request)

    @reactivate.validator
    def _check_reactivate(self, request: commands.Reactivate) -> None:
        self._check(request)

    @workflow.update
    def cancel(self, request: commands.Cancel) -> Answer:
        """End it: for credit, or at renewal (CXL-2, CXL-3)."""
        return self._answer(request)

    @cancel.validator
    def _check_cancel(self, request: commands.Cancel) -> None:
        self._check(request)

    @workflow.update
    def set_auto_renew(self, request: commands.SetAutoRenew) -> Answer:
        """Renew at the term's end, or do not (REN-2)."""
        return self._answer(request)

    @set_auto_renew.validator
    def _check_set_auto_renew(self, request: commands.SetAutoRenew) -> None:
        self._check(request)

    @workflow.update
    def deprovision(self, request: commands.Deprovision) -> Answer:
        """End a usage subscription (CXL-6)."""
        return self._answer(request)

    @deprovision.validator
    def _check_deprovision(self, request: commands.Deprovision) -> None:
        self._check(request)

    @workflow.update
    def change_price(self, request: commands.ChangePrice) -> Answer:
        """The price from the next term on (BUY-5)."""
        return self._answer(request)

    @change_price.validator
    def _check_change_price(self, request: commands.ChangePrice) -> None:
        self._check(request)

    @workflow.update
    def retry_effect(self, request: Operator) -> str:
        """Try the effect that failed for good once more, after its cause is mended."""
        return self._try_again(request)

    @retry_effect.validator
    def _check_retry_effect(self, request: Operator) -> None:
        self._check_try_again()

    @workflow.update
    def migrate(self, request: Migration) -> str:
        """Continue as new at the next quiet point, on the code that the workers run now."""
        if request.policy:
            self._life = self._life.with_next_policy(request.policy)
        return self._want_new_run(request)

    @migrate.validator
    def _check_migrate(self, request: Migration) -> None:
        if self._life.ended:
            raise ApplicationError("It has ended: there is nothing to migrate.", type="Ended")
        try:
            if request.policy:
                self._life.with_next_policy(request.policy)
        except ValueError as error:
            raise ApplicationError(str(error), type="Malformed", non_retryable=True) from None

    # Facts and requests from other services, whose senders want no answer.

    @workflow.signal(dynamic=True)
    def noted(self, name: str, args: Sequence[RawValue]) -> None:
        """Every signal: read strictly here, since the SDK would drop or wedge on what does not fit."""
        self._receive(name, args)

    def _take_signal(self, name: str, args: Sequence[RawValue]) -> None:
        at = self._now()
        try:
            request = read_signal(name, args, SIGNALS)
            self._check(request)
        except ApplicationError as error:
            self._note_refusal(unreadable(name, at, error.message))
            return
        self._life, answer = self._living.accept(self._life, request, request.at or at)
        if answer.refused:
            self._note_refusal(answer)

    def _note_refusal(self, answer: Answer) -> None:
        workflow.logger.warning("signal refused: %s %s %s", answer.do, answer.rule, answer.message)
        self._life = self._life.with_refused_signal(answer)

    # Views. They change nothing.

    @workflow.query
    def details(self, as_of: RequestInstant | None = None) -> Details:
        """The subscription as it stands, with what is allowed and what comes next; as of the sender's wall clock."""
        now = self._now(as_of)
        return details(self._life, self._living.lifecycle, now, self._attention, self._clock, self._stream)

    @workflow.query
    def timeline(self, as_of: RequestInstant | None = None) -> list[Milestone]:
        """What will happen if no command comes; as of the sender's wall clock."""
        return timeline(self._life.subscription, self._now(as_of))

    @workflow.query
    def events(self) -> Events:
        """The last few events."""
        return Events(events=self._life.recent)

    @workflow.query
    def answer(self, command_id: str) -> Answer | None:
        """The answer that a command id got, with usage counted once it is in the books."""
        return self._life.answer_to(command_id)

    @workflow.query
    def life(self) -> Life:
        """The whole state, as it is handed from run to run."""
        return self._life

    @workflow.query
    def preview(self, request: AnyCommand, as_of: RequestInstant | None = None) -> Answer:
        """The answer that the command would get at its `at`, or else now, as of the sender's wall clock."""
        copy = request.model_copy(update={"command_id": None})
        return self._living.accept(self._life, copy, request.at or self._now(as_of))[1]

    @workflow.query
    def what_if(self, question: WhatIf) -> Forecast:
        """How the life would go on with these commands, lived by the simulator on a copy."""
        if question.until > self._now() + options.LONGEST_FORECAST:
            words = f"until: got {format_instant(question.until)}; takes an instant within 50 years"
            raise ApplicationError(words, type="Malformed", non_retryable=True)
        return Forecast.of(Simulator.resumed(self._life), question, self._now())
