"""Move a customer's test clocks together, the account's and the subscriptions', milestone by milestone."""

from collections.abc import Callable, Mapping
from datetime import datetime

from domain.next_step import PerennialError
from perennial.rehearsal.time_skipping import ServerClock
from perennial.sources.books import Books
from perennial.sources.server import Server
from perennial.sources.sources import Sources
from statemachines.subscription.timeline import next_milestone
from workflows.durable.clock import TestClock

PAGE = 500


class RunsOnRealTime(PerennialError):
    """The account or the subscription was not opened or bought with a test clock."""


class TimeTravel:
    """Moves the clocks of one customer, so that an invoice has everything that was charged before it was closed.

    The account and all living subscriptions have test clocks; `clocks` are those of the subscriptions.
    """

    def __init__(
        self,
        customer_id: str,
        account_clock: TestClock,
        clocks: Mapping[str, TestClock],
        server: Server,
        server_clock: ServerClock,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._customer_id = customer_id
        self._account_clock = account_clock
        self._clocks = dict(clocks)
        self._accounts = server.accounts
        self._subscriptions = server.subscriptions
        self._server_clock = server_clock
        self._progress = progress

    @property
    def subscriptions(self) -> list[str]:
        """The ids of the customer's living subscriptions."""
        return sorted(self._clocks)

    async def now(self) -> datetime:
        """The time by the account's clock."""
        return await self._server_clock.now(self._accounts.handle(self._customer_id), self._account_clock)

    async def advance(self, to: datetime) -> None:
        """Let every milestone up to the instant happen, in order, then move all clocks to it.

        Raises ClockStuck, and NotAnswered where something does not settle.
        """
        await self.live_until(to)
        for subscription_id, clock in self._clocks.items():
            # A subscription that has ended on the way has no clock any more.
            life = await self._subscriptions.settled(subscription_id)
            if not life.ended:
                await self._server_clock.advance(self._subscriptions.handle(subscription_id), clock, to)
                # A workflow knows the time of its last task: after this one, previews are of the new time.
                await self._subscriptions.committed(subscription_id, life.seq)
        await self._server_clock.advance(self._accounts.handle(self._customer_id), self._account_clock, to)
        if seq := (await self._accounts.settled(self._customer_id)).seq:
            await self._accounts.committed(self._customer_id, seq)

    async def live_until(self, to: datetime) -> None:
        """Let every milestone up to the instant happen, in order.

        Only clocks with a milestone are moved: after each move a clock runs on in real time, and must not pass its
        next milestone.
        """
        while True:
            of_account, milestones = await self._coming()
            at = min([of_account, *milestones.values()])
            if at > to:
                return
            for subscription_id, milestone in milestones.items():
                if milestone <= at:
                    handle = self._subscriptions.handle(subscription_id)
                    await self._server_clock.advance(handle, self._clocks[subscription_id], at)
                    await self._subscriptions.settled(subscription_id, at)
            # A subscription may have changed what comes next to the account.
            if await self._next_of_account() <= at:
                handle_of_account = self._accounts.handle(self._customer_id)
                await self._server_clock.advance(handle_of_account, self._account_clock, at)
                await self._accounts.settled(self._customer_id, at)
            self._progress(f"{at:%Y-%m-%d}")

    async def _coming(self) -> tuple[datetime, dict[str, datetime]]:
        """What comes next to the account and to subscriptions, once they have told each other what has happened."""
        seen = None
        while True:
            milestones = await self._milestones()
            life = await self._accounts.settled(self._customer_id)
            if seen == life.account.seq:
                return life.due_at, milestones
            seen = life.account.seq

    async def _next_of_account(self) -> datetime:
        return (await self._accounts.settled(self._customer_id)).due_at

    async def _milestones(self) -> dict[str, datetime]:
        """The next of each subscription that has one."""
        found = {}
        for subscription_id in self._clocks:
            life = await self._subscriptions.settled(subscription_id)
            if milestone := next_milestone(life.subscription):
                found[subscription_id] = milestone.at
        return found


async def travel_of(sources: Sources, customer_id: str, progress: Callable[[str], None] = lambda _: None) -> TimeTravel:
    """The clocks of the customer's account and living subscriptions; `progress` is called with each day reached.

    Raises ClocksRefused, RunsOnRealTime, NotInBooks where the customer has bought nothing, and CallError.
    """
    server, books = await sources.server(), await sources.books()
    await books.require_purchase(customer_id)
    await server.subscriptions.test_clocks.require()
    account = await server.accounts.details(customer_id)
    clocks = {}
    for subscription_id in await _living(books, customer_id):
        clocks[subscription_id] = await clock_of(server, subscription_id)
    if account.clock is None:
        raise RunsOnRealTime(f"{customer_id}'s account runs on real time: it was not opened with a test clock.")
    return TimeTravel(customer_id, account.clock, clocks, server, ServerClock(server.client), progress)


async def clock_of(server: Server, subscription_id: str) -> TestClock:
    """The subscription's test clock. Raises RunsOnRealTime, and CallError."""
    clock = (await server.subscriptions.details(subscription_id)).clock
    if clock is None:
        raise RunsOnRealTime(
            f"Subscription {subscription_id} runs on real time: it was not bought with a test clock. "
            "No clock was advanced."
        )
    return clock


async def _living(books: Books, customer_id: str) -> list[str]:
    """The customer's subscriptions whose workflows run."""
    found: list[str] = []
    after = None
    while page := await books.subscriptions.subscriptions(customer=customer_id, limit=PAGE, after=after):
        found += [listed.subscription_id for listed in page if not listed.over]
        after = page[-1].subscription_id
    return found
