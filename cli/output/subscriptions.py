"""What the commands of subscriptions print."""

from typing import Any

from pydantic import Field

from activities.billing.contracts import ListedSubscription, UsageImported
from activities.found import Found
from activities.provisioning.door import Visit
from cli.output.values import Answered, Row
from domain.money import Currency, Money
from domain.subscription.events import Announcement, EventName, State
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty
from statemachines.subscription.timeline import Milestone
from workflows.subscription.messages import Details


class Changed(Frozen):
    """A fact that an event changed."""

    fact: str
    before: Any = Field(serialization_alias="from")
    after: Any = Field(serialization_alias="to")


class Happened(Frozen):
    """An event of the journal, with who asked for it and why."""

    seq: int
    at: Instant
    event: EventName
    state: State
    rule: str
    by: str
    actor: str | None
    reason: str | None
    details: str | None
    command_id: str | None
    announces: Announcement | None
    changes: list[Changed]


class Watched(Happened):
    """An event as it came, with its subscription."""

    subscription_id: str


class Listed(Frozen):
    """A row of the list. Price and renewal are null where the database does not have them; see `unreadable`."""

    subscription_id: str
    customer: str
    offer: str
    state: str
    auto_renew: bool
    ends_at: Instant | None
    attention: str | None
    quantity: int | None
    unit_price: ExactDecimal | None
    currency: Currency | None
    renews_at: Instant | None
    renewal: Money | None
    unreadable: bool


class Ended(Frozen):
    """The event that ended a subscription, and what it credited."""

    seq: int
    at: Instant
    event: EventName
    rule: str
    by: str
    actor: str | None
    reason: str | None
    details: str | None
    command_id: str | None
    credited: Money | None


class Living(Details):
    """A subscription that its server knows; `ended` only once it has ended."""

    ended: OmitEmpty[Ended | None] = None


class Past(ListedSubscription):
    """A subscription that only the database still knows."""

    ended: OmitEmpty[Ended | None] = None


class Coming(Milestone):
    """A milestone; with --customer it says whose."""

    subscription_id: OmitEmpty[str | None] = None


class Interval(Frozen):
    """When users had access; `to` is null while they have."""

    since: Instant = Field(serialization_alias="from")
    to: Instant | None


class Doors(Frozen):
    """What the tenant service answers now."""

    user: Visit
    admin: Visit


class Access(Frozen):
    """Who can sign in now, and when users could."""

    subscription_id: str
    now: Doors
    access: list[Interval]


class Imported(UsageImported):
    """How many usage reports were new, and how many were known."""

    subscription_id: str


COMMANDS = (
    "quantity",
    "add-on",
    "undo-changes",
    "auto-renew",
    "suspend",
    "reactivate",
    "cancel",
    "activate",
    "reject-quantity",
)

PRINTED: dict[str, Any] = {
    "list": list[Listed] | dict[str, int],
    "search": Found,
    "show": Living | Past,
    "timeline": list[Coming],
    "watch": Watched,
    "events": list[Happened],
    "ledger": list[Row],
    "access": Access,
    **dict.fromkeys((*COMMANDS, "deprovision", "usage report"), Answered),
    "usage import": Imported,
}
"""What each prints; `watch` prints one document per line."""
