"""The workflow that owns one subscription, for years. `_live` is its table of contents."""

from collections.abc import Sequence
from functools import partial

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError

from domain.subscription.commands import AnyCommand, Command
from domain.subscription.decision import Answer
from domain.subscription.effects import Record
from domain.subscription.events import EventName
from domain.subscription.held import HeldRecord
from domain.values import RequestInstant
from statemachines.conflicts.subscription import conflict_of, settle
from statemachines.preview.simulator import Simulator
from statemachines.subscription.life import Life, LifeSteps
from statemachines.subscription.narrative import headline
from statemachines.subscription.not_now import NotNow
from statemachines.subscription.timeline import Milestone, timeline
from workflows.durable import search_attributes
from workflows.durable.activities import RunIsOver
from workflows.durable.arguments import check_forecast, check_workflow_id, one_request, typed
from workflows.durable.cancellation import Parts, not_by_cancellation, through_cancellations
from workflows.durable.clock import Clock
from workflows.durable.committed import CommitWaits
from workflows.durable.decisions import Decisions
from workflows.durable.inbox import Inbox
from workflows.durable.new_run import RunBudget, continue_as_new
from workflows.durable.operator import LifeConflicts, OperatorWait, RequestNewRun
from workflows.durable.updates import part_update, request_updates, with_command_id
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.notifications.notifier import Notifier
from workflows.subscription.details import details, markdown
from workflows.subscription.effects import catch_up, perform_other, record
from workflows.subscription.forecast import Forecast, WhatIf
from workflows.subscription.memory import FirstAnswers
from workflows.subscription.messages import COMMANDS, SIGNALS, Continued, Details, Ended, Events, Migration, Start
from workflows.subscription.spread import Spread
from workflows.subscription.usage_count import UsageCount

BILLED = frozenset({EventName.CONVERTED, EventName.RENEWED, EventName.PERIOD_CHARGED})
NOT_BY_CANCELLATION = not_by_cancellation("subscription: send the update `cancel`.")


@workflow.defn
@request_updates(COMMANDS, "_decisions")
class SubscriptionWorkflow:
    """One subscription, from purchase to its end. Handlers decide; `run` performs what was decided.

    It has one update per entry of COMMANDS, which `_decisions` answers, and the updates of its parts, below.
    """

    @workflow.init
    @one_request
    def __init__(self, start: Start) -> None:
        steps, self._clock = LifeSteps(), Clock(start.clock)
        life = start.life if isinstance(start, Continued) else steps.begin(start.dated(self._clock.time()))
        self._held, periods = start.held, start.periods_per_run
        subscription_id = life.subscription.subscription_id
        check_workflow_id(subscription_workflow_id(subscription_id), "order.subscription_id")
        memory, last_at = FirstAnswers(subscription_id), lambda life: life.subscription.last_at
        conflicts = LifeConflicts(lambda: self._decisions, lambda: self._budget, HeldRecord, conflict_of, settle)
        self._operator = OperatorWait(self._show, self._urgent, conflicts)
        self._decisions = Decisions(steps, life, self._clock, last_at, self._operator.is_stuck, memory, with_command_id)
        self._spread = Spread(subscription_id, start.spread_seconds, self._decisions.now)
        self._parts, self._lifecycle, self._usage = Parts(), steps.lifecycle, UsageCount(self._decisions, steps)
        self._inbox = Inbox(SIGNALS, self._take_signal, self._decisions.note_refused_signal, self._parts)
        self._notifier = Notifier(subscription_id, start.stream, lambda: self._life.committed, self._show)
        self._budget = RunBudget(periods, self._inbox, lambda: self._decisions.answered, self._notifier.is_busy)
        self._decisions.fence.look = partial(catch_up, self._decisions, self._notifier)
        self._commits = CommitWaits(self._decisions, self._operator)
        self._origin = start.origin.of_clock(start.clock.offset if start.clock else None)

    @workflow.run
    async def run(self, start: Start) -> Ended:
        """Run the subscription to its end, or to the end of this run, and notify its publisher meanwhile."""
        self._parts.start(self._notifier.run(), self._budget.keep_short())
        self._inbox.receive_held(self._held)
        note = partial(self._decisions.note_cancellation, NOT_BY_CANCELLATION)
        return await through_cancellations(self._live(), note, self._parts)

    async def _live(self) -> Ended:
        """Hand over to a new run; else perform what is waiting; else go on to the next milestone or command."""
        while not self._life.ended:
            self._show()
            try:
                if self._decisions.fence.up:
                    await self._decisions.fence.passed()
                elif self._budget.over(idle=not self._life.effects):
                    await self._hand_over()
                elif self._life.effects:
                    await self._perform_first_effect()
                elif not self._spread.take_due_milestone(self._decisions) and not self._budget.over_before_sleep():
                    await self._sleep_until_something_happens()
            except (ActivityError, NotNow) as error:
                await self._operator.after(error)
            except RunIsOver:
                continue
        await self._inbox.emptied()
        await self._decisions.recalls.done()
        self._show()
        await self._notifier.hand_over_rest()
        await self._commits.ended()
        return Ended.of(self._life.subscription)

    @property
    def _life(self) -> Life:
        return self._decisions.life

    def _urgent(self) -> bool:
        return self._budget.urgent or self._decisions.fence.up

    # Effects

    async def _perform_first_effect(self) -> None:
        effect = self._life.effects[0]
        if isinstance(effect, Record):
            await self._record(effect)
        else:
            after = await perform_other(self._life, effect, self._urgent)
            self._decisions.life = after(self._life)

    async def _record(self, effect: Record) -> None:
        receipt = await record(self._life.subscription, effect, self._origin, self._urgent)
        self._decisions.life = self._life.acknowledged(receipt)
        self._notifier.stream = self._notifier.stream.addressed_to(receipt.publisher)
        self._budget.spend(sum(event.event in BILLED for event in effect.events))

    # Time and runs

    async def _sleep_until_something_happens(self) -> None:
        subscription = self._life.subscription
        milestone, at = self._spread.coming(subscription)

        def awake() -> bool:
            over = self._decisions.fence.up or self._budget.over(idle=True)
            return over or bool(self._life.effects) or self._life.subscription is not subscription

        await self._clock.sleep_until(at, awake, headline(self._lifecycle, subscription, milestone))

    async def _hand_over(self) -> None:
        """Continue as new, as soon as no signal waits to be read, and no request for the books."""
        if not self._inbox.empty or self._decisions.recalls.waiting:
            await self._inbox.emptied()
            await self._decisions.recalls.done()
            return
        await self._commits.ended()
        carried = Continued(
            life=self._life.handed_on(self._decisions.now()),
            clock=self._clock.test,
            periods_per_run=self._budget.periods,
            spread_seconds=self._spread.seconds,
            stream=self._notifier.handed_on(),
            origin=self._origin.handed_on(self._life.committed),
        )
        continue_as_new(carried)

    # What people see

    def _show(self) -> None:
        attention = self._operator.attention or self._notifier.stream.trouble
        search_attributes.upsert(search_attributes.changing(self._life.subscription, attention))

    def current_details(self) -> str:
        """What the Web UI shows of it."""
        now, operator, stream, late = self._decisions.now(), self._operator, self._notifier.stream, self._spread.late_by
        return markdown(self._life, self._lifecycle, now, operator.attention, stream, operator.conflict, late)

    # Requests. The updates that take a command are made by `request_updates` above.

    retry_effect = part_update("_operator", OperatorWait.retry_effect, OperatorWait.check_retry_effect)
    settle_conflict = part_update("_operator", OperatorWait.settle_conflict, OperatorWait.check_settle_conflict)
    retry_notification = part_update("_notifier", Notifier.retry_notification, Notifier.check_retry_notification)
    skip_notification = part_update("_notifier", Notifier.skip_notification, Notifier.check_skip_notification)
    committed = part_update("_commits", CommitWaits.committed, CommitWaits.check_committed)
    recount_usage = part_update("_usage", UsageCount.recount_usage, UsageCount.check_recount_usage)

    @workflow.update
    def migrate(self, request: Migration) -> str:
        """Continue as new, on the code that the workers run now; effects that are waiting go along."""
        if request.policy:
            self._decisions.life = self._life.with_next_policy(request.policy)
        return self._budget.migrate(request)

    @migrate.validator
    def _check_migrate(self, request: Migration) -> None:
        if self._life.ended:
            raise ApplicationError("The subscription has ended: there is nothing to migrate.", type="Ended")
        try:
            if request.policy:
                self._life.with_next_policy(request.policy)
        except ValueError as error:
            raise ApplicationError(str(error), type="Malformed", non_retryable=True) from None

    @workflow.signal(dynamic=True)
    def noted(self, name: str, args: Sequence[RawValue]) -> None:
        """Every signal: a request of another service that wants no answer."""
        self._inbox.receive(name, args)

    def _take_signal(self, name: str, request: Command | RequestNewRun) -> None:
        if isinstance(request, RequestNewRun):
            self._budget.migrate(request)
        elif self._decisions.waits_for_books(request):
            self._parts.start(self._decisions.take_recalled(name, request))
        else:
            self._decisions.take_signal(name, request)

    # Views. They change nothing.

    @workflow.query
    def details(self, as_of: RequestInstant | None = None) -> Details:
        """The subscription, its timeline and the commands that are allowed, as of the sender's wall clock."""
        now, operator = self._decisions.now(as_of), self._operator
        life, test, stream, late = self._life, self._clock.test, self._notifier.stream, self._spread.late_by
        return details(life, self._lifecycle, now, operator.attention, test, stream, operator.conflict, late)

    @workflow.query
    def timeline(self, as_of: RequestInstant | None = None) -> list[Milestone]:
        """What happens next if no command comes, as of the sender's wall clock."""
        return timeline(self._life.subscription, self._decisions.now(as_of))

    @workflow.query
    def events(self) -> Events:
        """The last few events; the books have all."""
        return Events(events=self._life.recent)

    @workflow.query
    def answer(self, command_id: str) -> Answer | None:
        """The answer that was given to a command id; with its usage charge once the books have it."""
        return self._life.answer_to(command_id)

    @workflow.query
    def life(self) -> Life:
        """The whole state, for comparisons; its fields are not part of the contract."""
        return self._life

    @workflow.query
    def preview(self, request: AnyCommand, as_of: RequestInstant | None = None) -> Answer:
        """The answer that the command would get at its `at`, or else now, as of the sender's wall clock."""
        command = typed(request, AnyCommand, Command).model_copy(update={"command_id": None})
        at = command.at or self._decisions.now(as_of)
        check_forecast("at", at, self._decisions.now())
        return self._decisions.preview(command, at)

    @workflow.query
    def what_if(self, question: WhatIf) -> Forecast:
        """How the subscription would go on with these commands; nothing is changed."""
        return Forecast.of(Simulator.resumed(self._life), question, self._decisions.now())
