"""Move test clocks: of one subscription alone, or of every customer who has some."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from domain.next_step import PerennialError
from perennial.rehearsal.time_skipping import ServerClock
from perennial.rehearsal.time_travel import clock_of, travel_of
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from perennial.subscription.lost import explained
from workflows.durable.clock import TestClock

AT_ONCE = 4
"""How many customers are moved at a time."""

Target = Callable[[datetime], datetime | None]
"""Given what time it is by a customer's clock, the instant to move to; None where that has passed."""


class OneClock:
    """The clock of one subscription. Its customer's account and other subscriptions stay where they are."""

    def __init__(self, subscription_id: str, clock: TestClock, server: Server) -> None:
        self._id = subscription_id
        self._clock = clock
        self._subscriptions = server.subscriptions
        self._handle = server.subscriptions.handle(subscription_id)
        self._server_clock = ServerClock(server.client)

    async def now(self) -> datetime:
        """The time by its clock."""
        return await self._server_clock.now(self._handle, self._clock)

    async def advance(self, to: datetime) -> bool:
        """Let every milestone up to the instant happen, in order; whether it still lives.

        Raises ClockStuck, and NotAnswered where something does not settle.
        """
        if not (await self._subscriptions.settled(self._id)).ended:
            await self._server_clock.advance(self._handle, self._clock, to)
        life = await self._subscriptions.settled(self._id, to)
        if not life.ended:
            # A workflow knows the time of its last task: after this one, previews are of the new time.
            await self._subscriptions.committed(self._id, life.seq)
        return not life.ended


async def one_clock(sources: Sources, subscription_id: str) -> OneClock:
    """The clock of that subscription. Raises ClocksRefused, RunsOnRealTime and CallError."""
    server = await sources.server()
    await server.subscriptions.test_clocks.require()
    return OneClock(
        subscription_id, await explained(sources, subscription_id, clock_of(server, subscription_id)), server
    )


@dataclass
class Moved:
    """What time it is for each customer by now, with its living subscriptions. Others are `left_out`.

    Until the end, those `under_way` move to their instants; of `everyone`, the rest waits.
    """

    everyone: list[str] = field(default_factory=list)
    customers: dict[str, tuple[datetime, list[str]]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    """Why, by the customer's id."""
    under_way: dict[str, datetime] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many customers are done with."""
        return len(self.customers) + len(self.left_out)

    @property
    def waiting(self) -> list[str]:
        """The customers whose clocks were not moved yet."""
        begun = {*self.customers, *self.left_out, *self.under_way}
        return [customer_id for customer_id in self.everyone if customer_id not in begun]


async def advance_all(sources: Sources, target: Target, watch: Callable[[Moved], None] = lambda _: None) -> Moved:
    """Move the clocks of every customer who has some, several customers at a time; each by its own time.

    A customer who is there already stays. One is left out whose account or another subscription runs on real time, or
    where something did not settle. `watch` gets how far it is, at the beginning and after each customer.
    """
    await (await sources.server()).subscriptions.test_clocks.require()
    moved = Moved(list(await (await sources.books()).subscriptions.test_clock_customers()))
    slots = asyncio.Semaphore(AT_ONCE)
    watch(moved)

    async def move(customer_id: str) -> None:
        async with slots:
            try:
                travel = await travel_of(sources, customer_id)
                now = await travel.now()
                to = target(now)
                if to is not None:
                    moved.under_way[customer_id] = to
                    await travel.advance(to)
                moved.customers[customer_id] = to or now, travel.subscriptions
            except PerennialError as error:
                moved.left_out[customer_id] = error.message
            moved.under_way.pop(customer_id, None)
            watch(moved)

    async with asyncio.TaskGroup() as group:
        for customer_id in moved.everyone:
            group.create_task(move(customer_id))
    return moved
