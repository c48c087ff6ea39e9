"""Asks workflows how far they are, some at a time, and stops asking when no worker answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from perennial.sources.server import Server
from statemachines.account.timeline import next_account_milestone
from statemachines.audit.findings import Noun
from statemachines.audit.observed import Known
from statemachines.subscription.timeline import next_milestone
from workflows.calls.errors import CallError
from workflows.durable import options

AT_ONCE = 8
"""How many workflows are asked at a time."""
ASK_TIMEOUT = options.LATE_TASK_PATIENCE + timedelta(seconds=3)
"""For one answer. A client asks on while a task is late: that it fails must be known before this is over."""
MOST_SILENT = 2 * AT_ONCE
"""After so many timeouts in a row nobody is asked any more."""


class Answers:
    """What workflows say of themselves; a `quick` comparison asks none."""

    def __init__(self, server: Server, *, quick: bool) -> None:
        self._server = server
        self._window = asyncio.Semaphore(AT_ONCE)
        self.answered = 0
        self._silent = 0
        self.asking = not quick
        self.given_up = False

    async def of(self, noun: Noun, ids: Sequence[str]) -> dict[str, Known]:
        """The answers by id; a workflow that does not answer is left out."""
        ask = {Noun.SUBSCRIPTION: self._subscription, Noun.ACCOUNT: self._account}.get(noun)
        if ask is None or not self.asking:
            return {}
        answers = await asyncio.gather(*(self._in_turn(ask, each) for each in ids))
        if self._silent and not self.answered:
            self._give_up()
        return {each: known for each, known in zip(ids, answers, strict=True) if known is not None}

    async def of_ended(self, subscription_id: str) -> Known | None:
        """How far a subscription was whose workflow has ended by itself."""
        try:
            async with asyncio.timeout(ASK_TIMEOUT.total_seconds()):
                ended = await self._server.subscriptions.handle(subscription_id).result()
        except (RPCError, WorkflowFailureError, TimeoutError):
            return None
        return Known(seq=ended.events, committed=ended.events, state=ended.state.value, last_at=ended.ended_at)

    async def only_notifications_wait(self, subscription_id: str) -> bool:
        """Whether the operator that a subscription waits for is needed for its notifications only."""
        if not self.asking:
            return False
        try:
            async with asyncio.timeout(ASK_TIMEOUT.total_seconds()):
                details = await self._server.subscriptions.details(subscription_id)
        except (CallError, TimeoutError):
            return False
        return details.attention is None and details.undelivered is not None

    async def _in_turn(self, ask: Callable[[str], Awaitable[Known]], each: str) -> Known | None:
        async with self._window:
            if not self.asking:
                return None
            try:
                async with asyncio.timeout(ASK_TIMEOUT.total_seconds()):
                    known = await ask(each)
            except CallError:
                return None  # such as a stuck task: `Runs` says why
            except TimeoutError:
                self._silent += 1
                if self._silent >= MOST_SILENT:
                    self._give_up()
                return None
            self.answered += 1
            self._silent = 0
            return known

    def _give_up(self) -> None:
        self.asking, self.given_up = False, True

    async def _subscription(self, subscription_id: str) -> Known:
        life = await self._server.subscriptions.life(subscription_id)
        subscription, milestone = life.subscription, next_milestone(life.subscription)
        return Known(
            seq=subscription.seq,
            committed=life.committed,
            waiting=bool(life.effects),
            state=subscription.state.value,
            auto_renew=subscription.auto_renew,
            last_at=subscription.last_at,
            next_at=milestone.at if milestone else None,
        )

    async def _account(self, customer_id: str) -> Known:
        life = await self._server.accounts.life(customer_id)
        return Known(
            seq=life.account.seq,
            committed=life.committed,
            waiting=bool(life.effects),
            next_at=next_account_milestone(life.account).at,
        )
