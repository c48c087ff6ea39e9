"""What the commands for many subscriptions at once print: bulk operations, and moving in and out."""

from typing import Any

from pydantic import JsonValue

from domain.bulk.items import ItemStatus
from domain.bulk.operations import BulkState, Refusals
from domain.money import Money
from domain.subscription.decision import Outcome
from domain.subscription.events import State
from domain.values import Frozen, Instant, OmitEmpty

Request = dict[str, JsonValue]
"""The command that is sent to each subscription, as docs/contract has it; of a file, that of the first row."""


class Selection(Frozen):
    """Which subscriptions: all that have not ended and fit every filter, or those of a file with so many rows."""

    customer: OmitEmpty[str | None] = None
    offer: OmitEmpty[str | None] = None
    state: OmitEmpty[State | None] = None
    publisher: OmitEmpty[str | None] = None
    partner: OmitEmpty[str | None] = None
    rows: OmitEmpty[int | None] = None
    digest: OmitEmpty[str | None] = None


class Counted(Frozen):
    """How many items there are of each status, and the outcomes and the money of those that were, or would be, done."""

    items: int
    counts: dict[ItemStatus, int]
    outcomes: dict[Outcome, int]
    credits: list[Money]
    charges: list[Money]


class Planned(Counted):
    """What a bulk operation would come to: nothing is done yet."""

    action: str
    request: Request
    selection: Selection
    refusals: list[Refusals]


class Operation(Frozen):
    """A bulk operation as the database has it."""

    id: str
    action: str
    request: Request
    selection: Selection
    started_at: Instant
    state: BulkState
    reason: str | None
    ended_at: Instant | None
    per_second: int
    items: int


class Followed(Operation, Counted):
    """A bulk operation now; `shown` is what was shown before it began, `trouble` why its workflow cannot be asked."""

    workflow: str | None
    trouble: str | None
    shown: Counted
    refusals: list[Refusals]


class Reported(Frozen):
    """What became of one subscription of a bulk operation."""

    id: str
    status: ItemStatus
    outcome: Outcome | None
    rule: str | None
    message: str
    credit: Money | None
    charge: Money | None
    at: Instant | None


class Steered(Frozen):
    """What an operator asked of a bulk operation, and its answer."""

    id: str
    message: str


class Importable(Frozen):
    """What an import would do: nothing is written."""

    new: int
    known: int
    states: dict[State, int]
    overdue: int
    invoices: int


class Imported(Frozen):
    """What an import did; `failed` says by the ids of workflows why they did not start, or took no invoice."""

    new: int
    known: int
    started: int
    invoices: int
    failed: dict[str, str]


class Exported(Frozen):
    """What was written into the file, and what was left out, by reason."""

    file: str
    subscriptions: int
    left_out: dict[str, int]
    invoices_left_out: int


ACTIONS = ("suspend", "reactivate", "cancel", "auto-renew", "quantity", "price", "policy", "migrate")
PRINTED: dict[str, Any] = {
    **{f"bulk {action}": Planned | Followed for action in ACTIONS},
    "bulk list": list[Operation],
    "bulk show": Followed,
    "bulk report": list[Reported],
    **{f"bulk {how}": Steered for how in ("pause", "resume", "stop", "rate")},
    "import": Importable | Imported,
    "export": Exported,
}
"""What each prints."""
