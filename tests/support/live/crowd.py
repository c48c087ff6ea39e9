"""Many clients that send commands to one subscription at once, while its runs are handed over."""

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio.client import Client

from domain.subscription.commands import ChangeQuantity
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import Event
from workflows.calls.errors import CallError, NotAnswered
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.client import Subscriptions
from workflows.subscription.messages import Migration

FIRST = 100
"""The quantity that command 0 asks for; each asks for another one."""


@dataclass
class Crowd:
    """So many clients, of which each sends so many commands, one after the other. An answer is noted by its number.

    They go on with more commands until `meanwhile` is done. `after` is called with the number of answers each time that
    one comes. `late` counts the answers that did not come within the client's deadline: those commands are sent once
    more.
    """

    subscriptions: Subscriptions
    subscription_id: str
    clients: int
    commands: int
    after: Callable[[int], None] = lambda _: None
    meanwhile: asyncio.Task[None] | None = None
    sent: set[int] = field(default_factory=set)
    answers: dict[int, Answer] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    late: int = 0

    async def send(self, hand_over_every: timedelta) -> None:
        """Send everything, while an operator wants a new run again and again."""
        operator = asyncio.create_task(self._hand_over(hand_over_every))
        await asyncio.gather(*(self._client(number) for number in range(self.clients)))
        operator.cancel()
        with suppress(asyncio.CancelledError):
            await operator

    async def _client(self, number: int) -> None:
        for command in itertools.count():
            if command >= self.commands and (self.meanwhile is None or self.meanwhile.done()):
                return
            await self._ask(number + command * self.clients)

    async def _ask(self, number: int) -> None:
        began = time.monotonic()
        self.sent.add(number)
        command = ChangeQuantity(by="admin_agent", quantity=FIRST + number, command_id=f"change-{number}")
        while number not in self.answers:
            try:
                self.answers[number] = await self.subscriptions.ask(self.subscription_id, command, wait=False)
            except NotAnswered:
                self.late += 1
        self.took.append(time.monotonic() - began)
        self.after(len(self.answers))

    async def _hand_over(self, every: timedelta) -> None:
        while True:
            with suppress(CallError):
                await self.subscriptions.operate(self.subscription_id, "migrate", Migration(by="system"))
            await asyncio.sleep(every.total_seconds())

    def check(self, events: list[Event]) -> None:
        """Compare the answers with the events in the books: each command has one of each, and they say the same."""
        sent = len(self.sent)
        assert sent >= self.clients * self.commands
        assert self.answers.keys() == self.sent
        assert {answer.outcome for answer in self.answers.values()} == {Outcome.DONE}
        assert [event.seq for event in events] == list(range(1, sent + 2))
        by_seq = {event.seq: event for event in events}
        for number, answer in self.answers.items():
            event = by_seq[answer.seq]
            assert (event.command_id, event.after.quantity) == (f"change-{number}", FIRST + number)

    def percentiles(self) -> str:
        """How long the answers took."""
        took = sorted(self.took)
        return ", ".join(f"p{share} {took[len(took) * share // 100]:.3f} s" for share in (50, 90, 99))


async def hand_overs(client: Client, subscription_id: str) -> int:
    """How often the subscription has continued as new."""
    workflow_id, count = subscription_workflow_id(subscription_id), 0
    run_id = (await client.get_workflow_handle(workflow_id).describe()).run_id
    while True:
        history = client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events(page_size=1)
        first = await anext(history)
        run_id = first.workflow_execution_started_event_attributes.continued_execution_run_id
        if not run_id:
            return count
        count += 1
