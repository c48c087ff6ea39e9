"""A customer on a live world whose account is billed: everything of it has a test clock, and is moved together."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from activities.settings import Settings
from domain.account.requests import AccountRequest, FailPayment, ReceivePayment
from domain.ordering.terms import Order
from domain.subscription.commands import Command
from domain.subscription.decision import Answer
from hosting.assembly import World
from perennial.rehearsal.time_travel import TimeTravel
from statemachines.account.life import AccountLife
from tests.support.live.purchases import order
from tests.support.shop.live import locked_books
from workflows.account.messages import StartAccount
from workflows.durable.clock import TestClock

OPENED = datetime(2027, 1, 15, 9, tzinfo=UTC)

_numbers = itertools.count(1)


def new_customer() -> str:
    """An id that no other test uses."""
    return f"payer-{next(_numbers)}"


def payment(payment_id: str, amount: str, **fields: Any) -> ReceivePayment:
    """A payment in USD, unless told otherwise."""
    given = {"by": "service", "currency": "USD", **fields}
    return ReceivePayment.model_validate({"payment_id": payment_id, "amount": amount, **given})


def failure(payment_id: str, **fields: Any) -> FailPayment:
    """A payment that was tried and failed."""
    return FailPayment(by="service", payment_id=payment_id, reason="card declined", **fields)


class Payer:
    """One customer: its account, and the subscriptions that it has bought with the account's test clock."""

    def __init__(self, world: World, customer_id: str | None = None, at: datetime = OPENED) -> None:
        self.world = world
        self.id = customer_id or new_customer()
        self.at = at
        self.clock = TestClock.ahead_by(at - datetime.now(UTC))
        self.clocks: dict[str, TestClock] = {}

    async def open(self, **changes: Any) -> None:
        """The account alone, before there is anything to be paid."""
        start = StartAccount(**{"customer_id": self.id, "opened_at": self.at, "clock": self.clock, **changes})
        assert await self.world.server.accounts.open(start)

    async def buy(self, wanted: Order | None = None, **options: Any) -> str:
        """A subscription: the first one opens the account."""
        bought = wanted or order(customer=self.id, at=self.at)
        # Its workflow begins at the server's real now, however far the account's clock has been moved.
        clock = TestClock.ahead_by(bought.at - datetime.now(UTC)) if self.clocks else self.clock
        await self.world.server.subscriptions.buy(bought, clock=clock, **options)
        self.clocks[bought.subscription_id] = clock
        await self.world.server.subscriptions.settled(bought.subscription_id)
        return bought.subscription_id

    async def live_until(self, to: datetime) -> None:
        """Everything due by then happens, in order."""
        travel = TimeTravel(self.id, self.clock, self.clocks, self.world.server, self.world.clock)
        await travel.live_until(to)

    async def request(self, request: AccountRequest, at: datetime) -> Answer:
        """Live until then, ask it of the account, and wait until it is done."""
        await self.live_until(at)
        answer = await self.world.server.accounts.ask(self.id, request.model_copy(update={"at": at}))
        await self.world.server.accounts.settled(self.id)
        return answer

    async def ask(self, subscription_id: str, command: Command, at: datetime) -> Answer:
        """Live until then, and ask it of the subscription."""
        await self.live_until(at)
        return await self.world.server.subscriptions.ask(subscription_id, command.model_copy(update={"at": at}))

    async def life(self) -> AccountLife:
        """The account's whole state."""
        return await self.world.server.accounts.life(self.id)

    async def standing(self) -> Mapping[str, str]:
        """How each invoice stands in the books."""
        listed = await self.world.books.accounts.invoices(customer=self.id, limit=None)
        return {found.head.invoice: found.standing.state.value for found in listed}

    async def journal(self) -> list[str]:
        """The names of the account's events in the books."""
        return [event.event.value for event in await self.world.books.accounts.events(self.id)]

    @asynccontextmanager
    async def closing(self, settings: Settings, month_end: datetime) -> AsyncIterator[None]:
        """Inside, the account tries to close that month but cannot, because the database is locked."""
        with locked_books(settings):
            await self.world.clock.advance(self.world.server.accounts.handle(self.id), self.clock, month_end)
            while not (await self.life()).account.closing:
                await asyncio.sleep(0.02)
            yield
