"""The way in for Python callers: buy, ask, look. Answers are in the books before `ask` says done."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio.client import (
    Client,
    WorkflowHandle,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from domain.ordering.terms import Order
from domain.subscription.commands import Command
from domain.subscription.decision import Answer, Outcome
from statemachines.subscription.life import Life
from statemachines.subscription.timeline import Milestone, next_milestone
from workflows.calls.asking import RETRIES, NotAnswered, SubscriptionError, asked, looked
from workflows.durable import options, search_attributes
from workflows.durable.operator import Operator
from workflows.durable.test_clock import TestClock
from workflows.subscription import bought_by
from workflows.subscription.messages import Details, Ended, Events, Forecast, Purchase, WhatIf, workflow_id
from workflows.subscription.workflow import SubscriptionWorkflow

T = TypeVar("T")


class UnknownSubscription(SubscriptionError):
    """The server knows no such subscription (any more)."""


class AlreadyEnded(SubscriptionError):
    """The subscription has ended: its workflow takes no request."""


class AlreadyBought(SubscriptionError):
    """The subscription id belongs to a life already."""


class Subscriptions:
    """Subscriptions on one Temporal server, by their ids."""

    def __init__(self, client: Client, task_queue: str, wall_clock: Callable[[], datetime] | None = None) -> None:
        """`wall_clock` dates what is only looked at: between its tasks a workflow does not know the time."""
        self._client = client
        self._task_queue = task_queue
        self._wall_clock = wall_clock

    def handle(self, subscription_id: str) -> WorkflowHandle[SubscriptionWorkflow, Ended]:
        """The workflow that owns the subscription, whichever run is the current one."""
        return self._client.get_workflow_handle_for(SubscriptionWorkflow.run, workflow_id(subscription_id))

    async def buy(
        self,
        order: Order,
        *,
        clock: TestClock | None = None,
        periods_per_run: int = options.PERIODS_PER_RUN,
        invoiced: bool = True,
    ) -> WorkflowHandle[SubscriptionWorkflow, Ended]:
        """Start the subscription's life; `invoiced` opens its customer's account, where there is none.

        Raises AlreadyBought where its id is taken.
        """
        bought = order.subscription()
        purchase = Purchase(order=order, clock=clock, periods_per_run=periods_per_run, invoiced=invoiced)
        try:
            return await self._client.start_workflow(
                SubscriptionWorkflow.run,
                purchase,
                id=workflow_id(order.subscription_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                task_timeout=options.TASK_TIMEOUT,
                search_attributes=search_attributes.fixed(bought),
                static_summary=f"{order.quantity} x {order.offer.id} for {order.customer}",
                memo=bought_by.memo(order),
            )
        except WorkflowAlreadyStartedError:
            raise AlreadyBought(f"subscription {order.subscription_id} exists already; choose another id") from None

    async def began_with(self, order: Order) -> bool:
        """Whether the life under the order's subscription id began with exactly this order."""
        seen = await self.handle(order.subscription_id).describe(rpc_timeout=options.ANSWER_TIMEOUT)
        return bought_by.same(await seen.memo(), order)

    async def ask(self, subscription_id: str, command: Command, *, wait: bool = True) -> Answer:
        """Send the command as an update and return its answer.

        With `wait` the answer is in the books and provisioned when this returns. A broken connection is
        tried again under the same command id, so the command has one effect; without an id it is not tried
        again. Raises SubscriptionError.
        """
        handle = self.handle(subscription_id)

        # The server answers a repeated update id without asking the workflow, whatever the arguments: so the
        # update's id tells them apart, and the workflow compares what the command's own id was used for.
        update_id = f"{command.command_id}.{command.fingerprint()}" if command.command_id else None

        async def send() -> Answer:
            answer: Answer = await handle.execute_update(
                command.action.value,
                command,
                id=update_id,
                result_type=Answer,
                rpc_timeout=options.ANSWER_TIMEOUT,
            )
            return answer

        answer = await self._asked(subscription_id, send, retries=RETRIES if update_id else 0)
        if not wait or answer.outcome in {Outcome.REFUSED, Outcome.UNCHANGED}:
            return answer
        await self.committed(subscription_id, answer.seq)
        if answer.metered and command.command_id:
            return await self._query(subscription_id, "answer", Answer, command.command_id)
        return answer

    async def committed(self, subscription_id: str, seq: int) -> Details:
        """Wait until everything up to that event is in the books and provisioned.

        Raises SubscriptionError where an effect needs attention, or where it takes too long.
        """
        pause, waited = options.POLL_INTERVAL, timedelta(0)
        while True:
            seen = await self.details(subscription_id)
            if seen.committed >= seq and seen.provisioned >= seq:
                return seen
            if seen.attention:
                raise SubscriptionError(f"{subscription_id} needs attention: {seen.attention}")
            if waited > options.COMMIT_TIMEOUT:
                raise NotAnswered(f"{subscription_id}: event {seq} is accepted but not in the books yet; look again")
            await asyncio.sleep(pause.total_seconds())
            waited += pause
            pause = min(pause * 2, options.POLL_INTERVAL_MAX)

    async def settled(self, subscription_id: str, to: datetime | None = None) -> Life:
        """Wait until every milestone due by that instant has happened and no effect is waiting."""
        pause, waited = options.POLL_INTERVAL, timedelta(0)
        while True:
            life = await self.life(subscription_id)
            milestone = next_milestone(life.subscription)
            if not life.effects and not (to and milestone and milestone.at <= to):
                return life
            if waited > options.SETTLE_TIMEOUT:
                raise NotAnswered(f"{subscription_id}: the milestones due by {to} have not all happened; look again")
            await asyncio.sleep(pause.total_seconds())
            waited += pause
            pause = min(pause * 2, options.POLL_INTERVAL_MAX)

    async def operate(self, subscription_id: str, update: str, request: Operator) -> str:
        """Send an operator's update: `retry_effect` or `migrate`."""
        handle = self.handle(subscription_id)

        async def send() -> str:
            words: str = await handle.execute_update(
                update, request, result_type=str, rpc_timeout=options.ANSWER_TIMEOUT
            )
            return words

        return await self._asked(subscription_id, send)

    async def details(self, subscription_id: str) -> Details:
        """The subscription as it stands."""
        return await self._query(subscription_id, "details", Details, *self._as_of())

    async def timeline(self, subscription_id: str) -> list[Milestone]:
        """What will happen if no command comes."""
        return await self._query(subscription_id, "timeline", list[Milestone], *self._as_of())

    async def events(self, subscription_id: str) -> Events:
        """The last few events."""
        return await self._query(subscription_id, "events", Events)

    async def preview(self, subscription_id: str, command: Command) -> Answer:
        """What the command would come to now; nothing is changed."""
        if command.at is None and self._wall_clock:
            seen = await self.details(subscription_id)
            command = command.model_copy(update={"at": seen.now})
        return await self._query(subscription_id, "preview", Answer, command)

    async def what_if(self, subscription_id: str, question: WhatIf) -> Forecast:
        """How the life would go on with these commands; nothing is changed."""
        return await self._query(subscription_id, "what_if", Forecast, question)

    async def life(self, subscription_id: str) -> Life:
        """The whole state of the life, for comparing it with a simulated one."""
        return await self._query(subscription_id, "life", Life)

    def _as_of(self) -> tuple[datetime, ...]:
        return (self._wall_clock(),) if self._wall_clock else ()

    async def _query(self, subscription_id: str, query: str, result: type[T], *args: object) -> T:
        handle = self.handle(subscription_id)

        async def send(patience: timedelta) -> T:
            found: T = await handle.query(query, args=args, result_type=result, rpc_timeout=patience)
            return found

        return await self._asked(subscription_id, lambda: looked(send))

    async def _asked(self, subscription_id: str, send: Callable[[], Awaitable[T]], *, retries: int = RETRIES) -> T:
        return await asked(subscription_id, send, lambda error: _missing(subscription_id, error), retries=retries)


def _missing(subscription_id: str, error: RPCError) -> SubscriptionError:
    if "already completed" in error.message:
        return AlreadyEnded(f"subscription {subscription_id} has ended: nothing can be asked of it any more")
    return UnknownSubscription(f"there is no subscription {subscription_id} on this server; see: starter.py list")
