"""What the activities of an order take and return, and the status of its lines."""

from datetime import timedelta
from enum import StrEnum

from domain.ordering.eligibility import Refusal
from domain.ordering.lines import OrderRequest
from domain.values import Frozen, Instant


class LineStatus(StrEnum):
    """The status of a line. `placed`: it is decided, its claims are taken, and its subscription is about to start."""

    WAITING = "waiting"
    PLACED = "placed"
    BOUGHT = "bought"
    REFUSED = "refused"


class OrderLine(Frozen):
    """One line of an order. `refusal` is set if a rule refused it; sending the order again retries it (BUY-3).

    `error` is set if something other than a rule stopped the line; retrying at once cannot help.
    """

    number: int
    offer: str
    quantity: int
    add_ons: dict[str, int]
    subscription_id: str
    status: LineStatus
    refusal: Refusal | None = None
    error: str | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing more happens to the line in this run."""
        return self.status in {LineStatus.BOUGHT, LineStatus.REFUSED} or self.error is not None


class PlacedOrder(Frozen):
    """An order as the database holds it."""

    order_id: str
    customer: str
    ordered_at: Instant
    lines: tuple[OrderLine, ...]

    @property
    def settled(self) -> bool:
        """Whether every line is bought, refused or stopped by an error."""
        return all(line.settled for line in self.lines)

    def with_line(self, line: OrderLine) -> "PlacedOrder":
        """A copy of the order in which this line replaces the one with its number."""
        lines = tuple(line if known.number == line.number else known for known in self.lines)
        return self.model_copy(update={"lines": lines})


class OpenInput(Frozen):
    """An order to record, or to open again. `at` is when it was accepted, `ahead_by` the offset of its test clock."""

    request: OrderRequest
    at: Instant
    ahead_by: timedelta | None = None


class PlaceInput(Frozen):
    """One line to place; eligibility is decided as of `at`."""

    order_id: str
    number: int
    at: Instant


class StartInput(Frozen):
    """One placed line whose subscription is to start. `ahead_by` is the offset of its test clock, None without one."""

    order_id: str
    number: int
    ahead_by: timedelta | None = None
    periods_per_run: int
