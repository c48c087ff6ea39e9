"""The activities that record an order, place its lines and start the subscriptions (BUY-3)."""

from temporalio import activity

from activities.errors import reported
from activities.orders.contracts import OpenInput, OrderLine, PlacedOrder, PlaceInput, StartInput
from activities.orders.ports import Launcher, Orders
from activities.ports import AllowedClocks


class OrderActivities:
    """Each activity is idempotent by order and line.

    Raises ApplicationError: of type OrderConflict or ClocksRefused, not retryable; of type BooksUnavailable,
    SchemaMismatch or ServerUnavailable, retryable.
    """

    def __init__(self, orders: Orders, launcher: Launcher, test_clocks: AllowedClocks | None = None) -> None:
        self._orders = orders
        self._launcher = launcher
        self._test_clocks = test_clocks

    @activity.defn(name="open_order")
    async def open(self, entry: OpenInput) -> PlacedOrder:
        """Record the order, or open it again: refused lines are set to waiting.

        One with a test clock is not recorded where those are not allowed, whoever started it.
        """
        with reported():
            if entry.ahead_by is not None and self._test_clocks:
                await self._test_clocks.require()
            return await self._orders.open(entry)

    @activity.defn(name="place_line")
    async def place(self, line: PlaceInput) -> OrderLine:
        """Place or refuse the line and take its claims (ELG-1 to ELG-9)."""
        with reported():
            return await self._orders.place(line)

    @activity.defn(name="start_line")
    async def start(self, line: StartInput) -> OrderLine:
        """Start the placed line's subscription, if it has not started yet, and record that."""
        with reported():
            purchase = await self._orders.purchase(line.order_id, line.number)
            partner = await self._orders.partner(purchase.customer)
            await self._launcher.launch(
                purchase,
                partner=partner,
                ahead_by=line.ahead_by,
                periods_per_run=line.periods_per_run,
                order_id=line.order_id,
            )
            return await self._orders.note_started(line.order_id, line.number)
