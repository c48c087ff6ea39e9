"""What a bulk operation does, and to which subscriptions."""

from typing import Annotated, Literal, TypeVar

from pydantic import Field

from domain.policy import PolicyPack
from domain.subscription.commands import AnyCommand, Command
from domain.subscription.events import State
from domain.values import Frozen, Signature, Strict, fingerprint

LONGEST_BULK_ID = 59
"""A bulk's id is part of the id of its commands, which has 64 characters at most."""
BulkId = Annotated[str, Field(pattern=rf"^[A-Za-z0-9_-]{{1,{LONGEST_BULK_ID}}}$")]


class TakePolicy(Strict):
    """Give a subscription a newer version of its policy pack, from its next term on (BUY-5)."""

    do: Literal["take_policy"] = "take_policy"
    by: Annotated[str, Field(min_length=1, max_length=64)]
    actor: Signature | None = None
    policy: Annotated[PolicyPack, Field(strict=False)]


class MoveRun(Strict):
    """Let a workflow begin a new run on that build of the workers; without one, on the current one."""

    do: Literal["move_run"] = "move_run"
    by: Annotated[str, Field(min_length=1, max_length=64)]
    actor: Signature | None = None
    to: Annotated[str, Field(min_length=1, max_length=255)] | None = None


Ask = Annotated[AnyCommand | TakePolicy | MoveRun, Field(discriminator="do")]
"""What is sent to each: a command, or what operators ask."""


def command_id_of(bulk_id: str) -> str:
    """The id of the operation's command to each subscription: sent again, it has no second effect."""
    return f"bulk-{bulk_id}"


class Selection(Frozen):
    """Which subscriptions: all that have not ended and fit every filter that is given, or those of a file.

    `publisher` is that of the offer in the catalog, `partner` the customer's reseller. A file is known by its number of
    `rows` and a digest of them.
    """

    customer: str | None = None
    offer: str | None = None
    state: State | None = None
    publisher: str | None = None
    partner: str | None = None
    rows: int | None = None
    digest: str | None = None

    def __str__(self) -> str:
        if self.rows is not None:
            return f"the {self.rows:,} of a file"
        filters = self.model_dump(mode="json", exclude_none=True)
        return ", ".join(f"{name} {value}" for name, value in filters.items()) or "all"


class BulkRequest(Frozen):
    """One operation: what is sent to each subscription, and which those are.

    Where the quantity or the price differs from row to row of a file, `ask` has that of the first row.
    """

    ask: Ask
    selection: Selection

    @property
    def action(self) -> str:
        """What is done to each."""
        return self.ask.do

    @property
    def digest(self) -> str:
        """The same request always has the same digest, whatever it comes to."""
        ask = self.ask.model_dump(mode="json", exclude={"command_id", "expected"}, exclude_none=True)
        return fingerprint([ask, self.selection.model_dump(mode="json", exclude_none=True)])


A = TypeVar("A", bound=Strict)


def sent_by(ask: A, bulk_id: str) -> A:
    """What is sent by that operation: a command has its id."""
    return ask.model_copy(update={"command_id": command_id_of(bulk_id)}) if isinstance(ask, Command) else ask
