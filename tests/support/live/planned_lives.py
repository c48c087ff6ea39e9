"""The lives that a chaos test lives at once, and how the simulator lives them."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from domain.ordering.terms import Order
from domain.subscription.commands import Cancel, ChangeQuantity, Command, SetAutoRenew
from domain.subscription.holds import Reason
from statemachines.preview.simulator import Simulator
from tests.support.live.purchases import order
from tests.support.shop.offers import listed
from workflows.calls.errors import NotAnswered
from workflows.durable.clock import TestClock
from workflows.subscription.client import Subscriptions

BOUGHT = datetime(2027, 1, 31, 9, tzinfo=UTC)
UPDATES_AT = 5
"""Every fifth command changes the quantity by an update; the others are signals, which cost less."""


class PlannedLife:
    """A life with the given number of events; every fourth life ends with its last event."""

    def __init__(self, number: int, events: int) -> None:
        self.id = f"chaos-{number:03}"
        self.ends = number % 4 == 0
        self._events = events

    @property
    def order(self) -> Order:
        return order(listed().sold(BOUGHT), subscription_id=self.id, at=BOUGHT)

    def commands(self) -> Iterator[tuple[Command, datetime]]:
        """Each makes one event."""
        renews = True
        for number in range(1, self._events):
            at = BOUGHT + timedelta(minutes=number)
            if self.ends and number == self._events - 1:
                yield Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST, at=at), at
            elif number % UPDATES_AT == 0:
                yield ChangeQuantity(by="admin_agent", quantity=3 + number, at=at, command_id=f"change-{number}"), at
            else:
                renews = not renews
                yield SetAutoRenew(by="admin_agent", enabled=renews, at=at), at

    async def live(self, subscriptions: Subscriptions) -> None:
        """Live it on the server as fast as it accepts commands, without waiting for the books."""
        clock = TestClock.ahead_by(BOUGHT - datetime.now(UTC))
        handle = await subscriptions.buy(self.order, clock=clock, invoiced=False)
        for command, _ in self.commands():
            if isinstance(command, ChangeQuantity):
                await self._ask(subscriptions, command)
            else:
                signal = "cancellation_requested" if isinstance(command, Cancel) else "auto_renew_requested"
                await handle.signal(signal, command)

    async def _ask(self, subscriptions: Subscriptions, command: ChangeQuantity) -> None:
        """However often that takes: under its id it is done once."""
        while True:
            with suppress(NotAnswered):
                await subscriptions.ask(self.id, command, wait=False)
                return

    def simulated(self) -> Simulator:
        """What the life must come to, whatever becomes of workers and publisher."""
        simulator = Simulator(self.order)
        for command, at in self.commands():
            simulator.ask(command, at)
        return simulator
