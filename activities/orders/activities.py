"""The activities that take an order in, decide its lines and start what was bought (BUY-3)."""

from temporalio import activity

from activities.errors import reported
from activities.orders.contracts import OpenInput, OrderLine, PlacedOrder, PlaceInput, StartInput
from activities.orders.ports import Launcher, Orders


class OrderActivities:
    """Orders through their port, subscriptions through theirs. Each is idempotent by order and line.

    ApplicationError of type OrderConflict, not retryable; BooksUnavailable, SchemaMismatch and
    ServerUnavailable, retryable.
    """

    def __init__(self, orders: Orders, launcher: Launcher) -> None:
        self._orders = orders
        self._launcher = launcher

    @activity.defn(name="open_order")
    async def open(self, entry: OpenInput) -> PlacedOrder:
        """Take the order in, or take it up again: what was refused waits again."""
        with reported():
            return await self._orders.open(entry)

    @activity.defn(name="place_line")
    async def place(self, line: PlaceInput) -> OrderLine:
        """Decide the line, and take what it claims (ELG-1 to ELG-9)."""
        with reported():
            return await self._orders.place(line)

    @activity.defn(name="start_line")
    async def start(self, line: StartInput) -> OrderLine:
        """Start the placed line's subscription; where it has begun already, note that."""
        with reported():
            purchase = await self._orders.purchase(line.order_id, line.number)
            await self._launcher.launch(purchase, ahead_by=line.ahead_by, periods_per_run=line.periods_per_run)
            return await self._orders.note_started(line.order_id, line.number)
