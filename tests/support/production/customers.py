"""Customers of an installation: they buy by orders, and change what they have bought, whatever happens to it."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dateutil.relativedelta import relativedelta

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from domain.calendar import AnchorRule, boundary
from domain.ordering.lines import OrderRequest
from domain.subscription.commands import ChangeQuantity, Command, Reactivate, Suspend
from domain.subscription.decision import Answer, Outcome
from domain.subscription.events import Event, EventName
from domain.subscription.holds import Reason
from tests.support.live.outside import FromOutside
from tests.support.shop.buyers import customer, request
from tests.support.shop.catalog import OFFERS, OPENED
from tests.support.shop.live import imported
from tests.support.shop.orders import placed
from workflows.calls.errors import NotAnswered, NotFound

PER_CUSTOMER = 5
OFFER = "contoso-crm"
UNANSWERED = (NotAnswered, NotFound)
"""After these the same request is sent again: a development server that is far too busy denies what it has."""


def months_before(due: datetime) -> tuple[datetime, int]:
    """An instant one or two months earlier, of which the given one is a monthly boundary; and how many months."""
    for months in (1, 2):
        anchor = due - relativedelta(months=months)
        if boundary(anchor, months, AnchorRule.CLAMP) == due:
            return anchor, months
    raise AssertionError("each day of a month has one in one of the two months before")


@dataclass
class Buyer:
    """One subscription. With `due` it renews then: its order was taken in months ago, and nobody had started it."""

    number: int
    due: datetime | None
    answers: dict[str, Answer] = field(default_factory=dict)
    asked_again: int = 0
    took: list[float] = field(default_factory=list)
    bought_after: float = 0.0

    @property
    def order(self) -> OrderRequest:
        # Who has a suspended one cannot buy the same offer again (ELG-2).
        who = f"single-{self.number}" if self.suspends else f"customer-{self.number // PER_CUSTOMER}"
        return request({"offer": OFFER, "quantity": 3}, order_id=f"order-{self.number}", customer=who)

    @property
    def suspends(self) -> bool:
        """Whether it is suspended for a while."""
        return self.number % 4 == 0

    @property
    def subscription(self) -> str:
        """The id that the order's only line gets."""
        return f"{self.order.order_id}-1"

    def commands(self) -> list[Command]:
        """Each makes one event."""
        mine = f"of-{self.number}"
        return [
            ChangeQuantity(by="admin_agent", quantity=4 + self.number % 7, command_id=f"{mine}-1"),
            *(
                (
                    Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST, command_id=f"{mine}-2"),
                    Reactivate(by="admin_agent", command_id=f"{mine}-3"),
                )
                if self.suspends
                else ()
            ),
            ChangeQuantity(by="admin_agent", quantity=20 + self.number % 9, command_id=f"{mine}-4"),
        ]

    async def buy(self, world: FromOutside) -> None:
        """Send the order, again where it gets no answer, and wait until its subscription runs."""
        began = time.monotonic()
        while True:
            try:
                await world.server.orders.place(self.order)
                order = await world.server.orders.settled(self.order.order_id)
            except UNANSWERED:
                self.asked_again += 1
                continue
            assert [line.status for line in order.lines] == ["bought"], order
            self.bought_after = time.monotonic() - began
            return

    async def change(self, world: FromOutside) -> None:
        """Send the commands one after the other, each again where it gets no answer: under its id it is done once."""
        for command in self.commands():
            assert command.command_id
            began = time.monotonic()
            while command.command_id not in self.answers:
                try:
                    answer = await world.server.subscriptions.ask(self.subscription, command, wait=False)
                    self.answers[command.command_id] = answer
                except UNANSWERED:
                    self.asked_again += 1
            self.took.append(time.monotonic() - began)

    def check(self, events: list[Event], now: datetime) -> None:
        """Nothing is lost, doubled or dated otherwise than it was due or answered."""
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        expected = Counter({EventName.PURCHASED: 1})
        for command in self.commands():
            expected[_MAKES[type(command)]] += 1
        renewals: list[datetime] = []
        if self.due:
            anchor, months = months_before(self.due)
            renewals = [boundary(anchor, number, AnchorRule.CLAMP) for number in range(1, months + 1)]
            expected[EventName.RENEWED] += len(renewals)
            assert events[0].at == anchor
        assert Counter(event.event for event in events) == expected, self.subscription
        assert [event.at for event in events if event.event is EventName.RENEWED] == renewals
        assert {answer.outcome for answer in self.answers.values()} == {Outcome.DONE}
        by_seq = {event.seq: event for event in events}
        for command_id, answer in self.answers.items():
            assert by_seq[answer.seq].command_id == command_id
            assert by_seq[answer.seq].at <= now
        assert events[-1].at <= now


_MAKES = {
    ChangeQuantity: EventName.QUANTITY_CHANGED,
    Suspend: EventName.SUSPENDED,
    Reactivate: EventName.REACTIVATED,
}


async def customers(world: FromOutside, database: Database, count: int, due: datetime, over: timedelta) -> list[Buyer]:
    """So many buyers and their customers; every second one renews at some instant of that span from `due` on."""
    each = over / max(count, 1)
    buyers = [Buyer(number, due + each * number if number % 2 else None) for number in range(count)]
    known = sorted({buyer.order.customer for buyer in buyers})
    records = tuple(customer(id=name, account_opened=OPENED) for name in known)
    await imported(world.books.catalog, *OFFERS, customers=records)
    orders = SqlOrders(database)
    for buyer in buyers:
        if buyer.due:
            (line,) = await placed(orders, buyer.order, months_before(buyer.due)[0])
            assert (line.status, line.subscription_id) == ("placed", buyer.subscription)
    return buyers


async def at_once(buyers: list[Buyer], world: FromOutside, clients: int, change: bool) -> None:
    """All of them buy, or change what they have, by so many clients."""
    window = asyncio.Semaphore(clients)

    async def one(buyer: Buyer) -> None:
        async with window:
            await (buyer.change if change else buyer.buy)(world)

    async with asyncio.TaskGroup() as group:
        for buyer in buyers:
            group.create_task(one(buyer))


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)
