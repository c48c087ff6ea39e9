"""The events of a subscription: one per transition, with who, why and by which rule (ROL-3)."""

from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, PlainSerializer

from domain.conflict import Settled
from domain.money import Money, total
from domain.subscription.holds import Reason
from domain.subscription.ledger import Kind, LedgerRow
from domain.subscription.scheduled import ScheduledChanges
from domain.subscription.taken_over import TakenOver
from domain.subscription.usage import UsageCharge
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty, without_defaults


class State(StrEnum):
    """The state of a subscription. Auto-renew, holds and a scheduled cancellation are facts beside it."""

    PENDING = "pending"
    TRIAL = "trial"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DELETED = "deleted"
    DEPROVISIONED = "deprovisioned"

    @property
    def ended(self) -> bool:
        """Whether the state is final (LIF-2)."""
        return self in {State.CANCELLED, State.EXPIRED, State.DELETED, State.DEPROVISIONED}

    @property
    def users_have_access(self) -> bool:
        """Whether users have access: in trial and active only (invariant 5)."""
        return self in {State.TRIAL, State.ACTIVE}


class EventName(StrEnum):
    """The names of the events, as in scenario documents."""

    PURCHASED = "purchased"
    TAKEN_OVER = "taken_over"
    ACTIVATED = "activated"
    BEGUN = "begun"
    TRIAL_STARTED = "trial_started"
    CONVERTED = "converted"
    PERIOD_CHARGED = "period_charged"
    RENEWAL_ANNOUNCED = "renewal_announced"
    RENEWED = "renewed"
    QUANTITY_CHANGED = "quantity_changed"
    ADD_ON_CHANGED = "add_on_changed"
    CHANGE_SCHEDULED = "change_scheduled"
    CHANGES_UNDONE = "changes_undone"
    AUTO_RENEW_CHANGED = "auto_renew_changed"
    CANCELLATION_SCHEDULED = "cancellation_scheduled"
    CANCELLATION_UNDONE = "cancellation_undone"
    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    HOLD_LIFTED = "hold_lifted"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DELETED = "deleted"
    DEPROVISIONED = "deprovisioned"
    PRICE_SCHEDULED = "price_scheduled"
    USAGE_SETTLED = "usage_settled"
    CONFLICT_SETTLED = "conflict_settled"


class Facts(Frozen):
    """The facts that an event can change, recorded before and after it (ROL-3)."""

    state: State
    auto_renew: bool
    quantity: int
    add_ons: dict[str, int]
    holds: tuple[Reason, ...]
    unit_price: ExactDecimal
    scheduled_changes: OmitEmpty[ScheduledChanges] = {}


_FACTS = list(Facts.model_fields)


class Change(NamedTuple):
    """A fact that an event changed, by its name, with its values for JSON: `quantity` from 3 to 5.

    An add-on is a fact of its own, `add_ons.backup`, of quantity 0 where there is none. So is a change for the renewal,
    `scheduled_changes.backup`, None where there is none.
    """

    fact: str
    before: Any
    after: Any


class Announcement(Frozen):
    """A renewal to come, and what it will charge by what is known now; usage is counted then (REN-5)."""

    renews_at: Instant
    amount: Money | None


class Event(Frozen):
    """One entry of the journal. `seq` is the previous number plus 1 (invariant 8).

    `settled` is set if an operator settled a conflict with the books (REP-1), `taken_over` if the subscription came
    from another system by this event (MOV-1), `announces` if a renewal is announced by it.
    """

    seq: int
    at: Instant
    event: EventName
    state: State
    rule: str
    by: str
    actor: str | None = None
    reason: str | None = None
    details: str | None = None
    command_id: str | None = None
    before: Facts
    after: Facts
    rows: tuple[LedgerRow, ...] = ()
    usage: tuple[UsageCharge, ...] = ()
    settled: OmitEmpty[Settled | None] = None
    taken_over: OmitEmpty[TakenOver | None] = None
    announces: OmitEmpty[Announcement | None] = None

    @property
    def ends(self) -> bool:
        """Whether the subscription ended with this event (LIF-2)."""
        return self.after.state.ended and not self.before.state.ended

    @property
    def credited(self) -> Money | None:
        """What the event credits; None if it credits nothing."""
        rows = [row for row in self.rows if row.kind is Kind.CREDIT]
        return total([row.amount for row in rows], rows[0].currency) if rows else None

    @property
    def changes(self) -> tuple[Change, ...]:
        """The facts that differ before and after it (ROL-3), in the order of `Facts`."""
        before, after = _named(self.before), _named(self.after)
        names = sorted(before.keys() | after.keys(), key=lambda name: (_FACTS.index(name.partition(".")[0]), name))
        none = {name: 0 if name.startswith("add_ons.") else None for name in names}
        values = ((name, before.get(name, none[name]), after.get(name, none[name])) for name in names)
        return tuple(Change(name, old, new) for name, old, new in values if old != new)


def _named(facts: Facts) -> dict[str, Any]:
    """The facts by name; each add-on is one, and each change for the renewal."""
    values = facts.model_dump(mode="json")
    by_line = {name: values.pop(name, {}) for name in ("add_ons", "scheduled_changes")}
    return {**values, **{f"{name}.{line}": number for name, lines in by_line.items() for line, number in lines.items()}}


_USUAL: dict[str, Any] = {"auto_renew": True, "add_ons": {}, "holds": [], "scheduled_changes": {}}


def _lean(event: Event) -> dict[str, Any]:
    written = without_defaults(event)
    before, after = ({**_USUAL, **facts} for facts in (written.pop("before"), written["after"]))
    usual = {**_USUAL, "state": written["state"]}
    written["after"] = {name: value for name, value in after.items() if usual.get(name) != value}
    if changed := {name: value for name, value in before.items() if after[name] != value}:
        written["before"] = changed
    if event.rows:
        written["rows"] = [{k: v for k, v in row.items() if (k, v) != ("at", written["at"])} for row in written["rows"]]
    return written


def _whole(written: Any) -> Any:
    if not isinstance(written, dict) or not isinstance(written.get("after"), dict):
        return written
    after = {**_USUAL, "state": written.get("state"), **written["after"]}
    rows = [{"at": written.get("at"), **row} for row in written.get("rows", ())]
    return {**written, "after": after, "before": {**after, **written.get("before", {})}, "rows": rows}


LeanEvent = Annotated[Event, BeforeValidator(_whole), PlainSerializer(_lean, when_used="json")]
"""An event that is written without what goes without saying.

Of `before` only the facts that the event changed are left, of `after` those that are not as usual, and rows have `at`
where it is not the event's.
"""


class Notification(Frozen):
    """An event in the outbox: its publisher is notified of it."""

    seq: int
    at: Instant
    event: EventName
