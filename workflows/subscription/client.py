"""The client of subscriptions: buy one, send it a command, look at it."""

from datetime import datetime, timedelta

from temporalio.client import WorkflowHandle
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from domain.conflict import SettleConflict
from domain.next_step import Do, NextStep
from domain.ordering.terms import Order
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Outcome
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import next_milestone
from workflows.calls import links
from workflows.calls.committed import wait_until_committed
from workflows.calls.errors import AlreadyEnded, AlreadyExists, NeedsAttention, NotFound, WorkflowFailed
from workflows.calls.runs import ended_from_outside
from workflows.calls.target import Target, WorkflowClient
from workflows.calls.waiting import poll
from workflows.durable import options, search_attributes
from workflows.durable.clock import TestClock
from workflows.durable.operator import Operator
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.forecast import Forecast, WhatIf
from workflows.subscription.messages import (
    Details,
    Ended,
    Purchase,
    Rebuild,
    has_terms,
    terms_memo,
)
from workflows.subscription.rebuild import SubscriptionRebuild
from workflows.subscription.usage_count import Recounting, RecountUsage
from workflows.subscription.workflow import SubscriptionWorkflow


class Subscriptions(WorkflowClient):
    """Subscriptions on one Temporal server, by their ids."""

    def handle(self, subscription_id: str) -> WorkflowHandle[SubscriptionWorkflow, Ended]:
        """The workflow that owns the subscription, whichever run is the current one."""
        workflow_id = subscription_workflow_id(subscription_id)
        return self._client.get_workflow_handle_for(SubscriptionWorkflow.run, workflow_id)

    async def buy(
        self,
        order: Order,
        *,
        partner: str | None = None,
        clock: TestClock | None = None,
        periods_per_run: int = options.PERIODS_PER_RUN,
        spread: timedelta = timedelta(0),
        invoiced: bool = True,
        placed: bool = False,
        order_id: str | None = None,
    ) -> WorkflowHandle[SubscriptionWorkflow, Ended]:
        """Start the subscription; `invoiced` opens its customer's billing account if there is none.

        Its renewals and charges come up to `spread` later than their instants.
        `placed`: the books have it as a placed line of an order, with this instant; `order_id` is that order's. When
        workers are busy, each `partner` gets the same share of them, however many subscriptions it has sold.

        Raises AlreadyExists where the subscription id is taken, ClocksRefused and RPCError.
        """
        purchase = Purchase(
            order=order,
            clock=clock,
            periods_per_run=periods_per_run,
            spread_seconds=int(spread.total_seconds()),
            invoiced=invoiced,
            placed=placed,
        )
        if clock is not None:
            await self.test_clocks.require()
        try:
            return await self._client.start_workflow(
                SubscriptionWorkflow.run,
                purchase,
                id=subscription_workflow_id(order.subscription_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                task_timeout=options.TASK_TIMEOUT,
                search_attributes=search_attributes.of_purchase(order),
                static_summary=f"{order.offer.id} for {order.customer}",
                memo={**terms_memo(order), **links.memo_of(order_id)},
                priority=Priority(fairness_key=partner),
            )
        except WorkflowAlreadyStartedError:
            raise AlreadyExists(f"subscription {order.subscription_id} exists already; choose another id") from None

    async def rebuild(self, request: Rebuild) -> None:
        """Start the subscription again from the books. Raises RPCError, and AlreadyExists if it runs or has ended."""
        try:
            await self._client.start_workflow(
                SubscriptionRebuild.run,
                request,
                id=subscription_workflow_id(request.subscription_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                task_timeout=options.TASK_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            raise AlreadyExists(f"subscription {request.subscription_id} runs, or has ended by itself") from None

    async def rebuilt(self, subscription_id: str) -> None:
        """Wait until a rebuild goes on as the subscription. Raises WorkflowFailed, and NotAnswered without a worker."""
        handle = self.handle(subscription_id)

        async def look() -> bool | None:
            seen = await handle.describe(rpc_timeout=options.ANSWER_TIMEOUT)
            if seen.workflow_type != SubscriptionRebuild.__name__:
                return True
            if how := await ended_from_outside(handle):
                raise WorkflowFailed(f"The rebuild of {subscription_id} {how}")
            return None

        message = f"{subscription_id} is not read from the books yet: does a worker run?"
        await poll(look, options.COMMIT_TIMEOUT, message)

    async def began_with(self, order: Order) -> bool:
        """Whether the subscription under the order's id was started with exactly this order. Raises RPCError."""
        seen = await self.handle(order.subscription_id).describe(rpc_timeout=options.ANSWER_TIMEOUT)
        return has_terms(await seen.memo(), order)

    async def ask(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer:
        """Send the command as an update and return its answer.

        With `wait`, the answer is in the books and provisioned when this returns. The command is sent again under the
        same id until its answer is known, and has one effect. Raises CallError.
        """
        target = self._target(subscription_id)

        # The server answers a repeated update id without asking the workflow, whatever the arguments. So the update id
        # includes the arguments, and the workflow checks what the command's own id was used for. A command without an
        # id takes the update's, which the workflow knows in later runs too.
        update_id = f"{command.command_id}.{command.fingerprint()}" if command.command_id else None
        answer = await target.update(command.action.value, command, Answer, update_id=update_id)
        if not wait or answer.outcome in {Outcome.REFUSED, Outcome.UNCHANGED}:
            return answer
        await self.committed(subscription_id, answer.seq)
        if answer.metered and command.command_id:
            return await target.query("answer", Answer, (command.command_id,))
        return answer

    async def committed(self, subscription_id: str, seq: int) -> None:
        """Wait until all events up to that seq are in the books and provisioned.

        Raises NeedsAttention where an effect needs an operator, NotAnswered where it takes too long, and another
        CallError where there is no such event.
        """

        async def done() -> int:
            seen = await self.details(subscription_id)
            return min(seen.committed, seen.provisioned)

        await wait_until_committed(self._target(subscription_id), seq, done)

    async def settled(self, subscription_id: str, to: datetime | None = None) -> Life:
        """Wait until all milestones due by that instant have happened and no effect is waiting. Raises CallError."""

        async def look() -> Life | None:
            life = await self.life(subscription_id)
            milestone = next_milestone(life.subscription)
            return None if life.effects or (to and milestone and milestone.at <= to) else life

        message = f"{subscription_id}: the milestones due by {to} have not all happened; look again"
        return await poll(look, options.SETTLE_TIMEOUT, message)

    async def recount_usage(self, subscription_id: str, usage_id: str) -> None:
        """Have the unbilled usage counted after that report was recorded, and wait for it. Raises CallError.

        Nothing is done where it need not be counted: it is billed as ever, or settled.
        """
        request = RecountUsage(usage_id=usage_id)
        try:
            counting = await self._target(subscription_id).update("recount_usage", request, Recounting)
        except AlreadyEnded:
            return

        async def look() -> bool | None:
            subscription = (await self.life(subscription_id)).subscription
            if not subscription.counts_usage or subscription.usage_closed:
                return True
            unbilled = subscription.unbilled
            return True if unbilled and counting.as_of and unbilled.at >= counting.as_of else None

        message = f"{subscription_id}: usage {usage_id} is recorded but not counted yet; send it again"
        await poll(look, options.COMMIT_TIMEOUT, message)

    async def operate(self, subscription_id: str, update: str, request: Operator) -> str:
        """Send an operator's update, `retry_effect` or `migrate`, and return its message. Raises CallError."""
        return await self._target(subscription_id).update(update, request, str)

    async def settle(self, subscription_id: str, request: SettleConflict) -> str:
        """Settle a conflict with the books, and wait until its event is in them; the message. Raises CallError."""
        words = await self._target(subscription_id).update("settle_conflict", request, str, repeatable=False)

        async def look() -> Details | None:
            seen = await self.details(subscription_id)
            if seen.attention:
                raise NeedsAttention(f"{subscription_id} needs attention: {seen.attention}")
            return seen if seen.settled else None

        await poll(look, options.COMMIT_TIMEOUT, f"{subscription_id}: {request.key} is not settled yet; look again")
        return words

    async def details(self, subscription_id: str) -> Details:
        """The subscription's details now. Raises CallError."""
        return await self._target(subscription_id).query("details", Details, self._as_of())

    async def preview(self, subscription_id: str, command: Command) -> Answer:
        """The answer that the command would get now; nothing is changed. Raises CallError."""
        return await self._target(subscription_id).query("preview", Answer, (command, *self._as_of()))

    async def what_if(self, subscription_id: str, question: WhatIf) -> Forecast:
        """How the subscription would go on with these commands; nothing is changed. Raises CallError."""
        return await self._target(subscription_id).query("what_if", Forecast, (question,))

    async def life(self, subscription_id: str) -> Life:
        """The workflow's whole state, to compare it with a simulated one. Raises CallError."""
        return await self._target(subscription_id).query("life", Life)

    def _target(self, subscription_id: str) -> Target:
        words = f"There is no subscription {subscription_id} on this server."
        ended = AlreadyEnded(f"Subscription {subscription_id} has ended and takes no more commands.")
        not_found = NotFound(words, NextStep(Do.LIST_SUBSCRIPTIONS))
        workflow_id = subscription_workflow_id(subscription_id)
        return Target(self._client, workflow_id, subscription_id, not_found, ended, subscription_id)
