"""What the activities of an order take and return, and how its lines stand."""

from datetime import timedelta
from enum import StrEnum

from domain.ordering.eligibility import Refusal
from domain.ordering.lines import OrderRequest
from domain.values import Frozen, Instant


class LineStatus(StrEnum):
    """How far a line has come. `placed` is decided and claimed, and its subscription is about to start."""

    WAITING = "waiting"
    PLACED = "placed"
    BOUGHT = "bought"
    REFUSED = "refused"


class OrderLine(Frozen):
    """One line as it stands. `refusal` says why not, where it is refused; the same call tries it again (BUY-3).

    `error` is what stopped the line where it is, where that was no rule: trying the same at once cannot help.
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
        """Nothing more happens to it in this run."""
        return self.status in {LineStatus.BOUGHT, LineStatus.REFUSED} or self.error is not None


class PlacedOrder(Frozen):
    """An order as the books hold it."""

    order_id: str
    customer: str
    ordered_at: Instant
    lines: tuple[OrderLine, ...]

    @property
    def settled(self) -> bool:
        """Every line is bought, refused or stopped by an error."""
        return all(line.settled for line in self.lines)

    def with_line(self, line: OrderLine) -> "PlacedOrder":
        """The order, with the line as it stands now."""
        lines = tuple(line if known.number == line.number else known for known in self.lines)
        return self.model_copy(update={"lines": lines})


class OpenInput(Frozen):
    """An order to take into the books, or to take up again. `at` is when it was accepted."""

    request: OrderRequest
    at: Instant


class PlaceInput(Frozen):
    """One line to decide as of an instant."""

    order_id: str
    number: int
    at: Instant


class StartInput(Frozen):
    """One placed line whose subscription is to begin. `ahead_by` is its test clock's offset, None without one."""

    order_id: str
    number: int
    ahead_by: timedelta | None = None
    periods_per_run: int
