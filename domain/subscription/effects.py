"""The effects of a decision, as data: performed one after another, each at least once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.conflict import SettleConflict
from domain.money import Money
from domain.subscription.decision import Answer, Answered, Decision
from domain.subscription.events import Event, EventName, LeanEvent
from domain.subscription.held import HeldRecord
from domain.subscription.ledger import Kind, LedgerRow
from domain.subscription.pricing import usage_charge
from domain.subscription.subscription import Changes, Subscription
from domain.subscription.usage import Usage, UsageCharge
from domain.values import Frozen, Instant, OmitEmpty, Worded


class Record(Frozen):
    """Write a decision to journal, ledger, outbox and claims, in one transaction keyed (subscription, seq)."""

    effect: Literal["record"] = "record"
    events: tuple[LeanEvent, ...]
    answered: Answered | None = None
    """The answer to the command that led to it, if that has an id: the books give it to every repeat."""
    changed: Changes | None = None
    """The changes of the subscription's snapshot, all of it at first: the books rebuild a lost subscription by them."""

    @property
    def seq(self) -> int:
        return self.events[0].seq

    @property
    def key(self) -> str:
        """By what an operator names it."""
        return f"record:{self.seq}"


class Adopt(Frozen):
    """Go on from what the books say, instead of writing `record`: an operator's choice about a conflict (REP-1)."""

    effect: Literal["adopt"] = "adopt"
    record: Record
    request: SettleConflict
    held: HeldRecord
    at: Instant

    @property
    def seq(self) -> int:
        return self.record.seq

    @property
    def key(self) -> str:
        """By what an operator names it: it stands for the record."""
        return self.record.key


class Keep(Frozen):
    """Write changes of the subscription's snapshot that have no event; `seq` is the number of its last event."""

    effect: Literal["keep"] = "keep"
    seq: int
    changed: Changes

    @property
    def key(self) -> str:
        """By what an operator names it."""
        return f"keep:{self.seq}"


class CountUsage(Frozen):
    """Count the usage that `charge` would bill into the subscription's state, as of an instant (USE-2).

    `seq` is the number of the subscription's last event. With `closes` no more usage is taken from then on (USE-1).
    """

    effect: Literal["count_usage"] = "count_usage"
    seq: int
    at: Instant
    charge: UsageCharge
    closes: bool = False

    @classmethod
    def of(cls, subscription: Subscription, at: datetime) -> "CountUsage | None":
        """The count that the subscription needs to know what comes next; None if it needs none."""
        if not subscription.counts_usage:
            return None
        (charge,) = usage_charge(subscription, at, final=True, late_only=subscription.state.ended)
        return cls(seq=subscription.seq, at=at, charge=charge, closes=subscription.usage_closed)

    @property
    def key(self) -> str:
        """By what an operator names it."""
        return f"count:{self.seq}"


class Counted(Frozen):
    """What the books return for a count: the usage that is unbilled, one entry per billing period."""

    usage: tuple[Usage, ...] = ()


class Access(Worded):
    """Changes of the users' access and data (SUS-2, SUS-3)."""

    GRANT = "grant", "users can sign in"
    REVOKE = "revoke", "users cannot sign in"
    PURGE = "purge", "all data is deleted"


class AccessInterval(Frozen):
    """An interval in which users had access; open while `end` is None."""

    start: Instant
    end: Instant | None = None


class Provision(Frozen):
    """Change the access of the tenant's users as of an instant, keyed (subscription, seq)."""

    effect: Literal["provision"] = "provision"
    access: Access
    at: Instant
    seq: int
    quantity: int
    add_ons: dict[str, int]

    @property
    def key(self) -> str:
        """By what an operator names it."""
        return f"{self.access.value}:{self.seq}"


Effect = Annotated[Record | Provision | Keep | CountUsage | Adopt, Field(discriminator="effect")]


class Receipt(Frozen):
    """What the books return for a recorded decision: the rows of the usage that it billed.

    `publisher` is the publisher to notify, or None.
    """

    seq: int
    usage_rows: OmitEmpty[tuple[LedgerRow, ...]] = ()
    publisher: OmitEmpty[str | None] = None

    def complete(self, answer: Answer) -> Answer:
        """The answer with the billed usage added to its charge and its credit."""
        sums = {Kind.CHARGE: answer.charge, Kind.CREDIT: answer.credit}
        for row in self.usage_rows:
            before = sums[row.kind]
            amount = row.amount + (before.amount if before else 0)
            sums[row.kind] = Money(amount=amount, currency=row.currency)
        charge, credit = sums[Kind.CHARGE], sums[Kind.CREDIT]
        return answer.model_copy(update={"charge": charge, "credit": credit, "metered": False})


def queued(waiting: tuple[Effect, ...], more: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """The waiting effects with more behind them.

    Changes without events become one effect with those that wait just before, unless that one may be being written.
    """
    if len(waiting) > 1 and more and isinstance(last := waiting[-1], Keep) and isinstance(added := more[0], Keep):
        both = added.model_copy(update={"changed": {**last.changed, **added.changed}})
        return (*waiting[:-1], both, *more[1:])
    return (*waiting, *more)


def effects_of(decision: Decision, before: Subscription) -> tuple[Effect, ...]:
    """The effects of a decision: first its record, then the change of access that its last event causes.

    Between the two a suspension's unbilled usage is counted (USE-2). A decision without an event may still change the
    subscription; then that is kept.
    """
    events, subscription = decision.events, decision.subscription
    if subscription is before:
        return ()
    changed = subscription.changes_since(before if before.seq else None)
    count = None
    if subscription.unbilled is None and (before.state is not subscription.state or subscription.usage_closed):
        at = subscription.usage_closes or subscription.last_at
        count = CountUsage.of(subscription, at)
    if not events:
        kept = Keep(seq=subscription.seq, changed=changed) if changed else None
        return tuple(effect for effect in (count or kept,) if effect)
    record = Record(events=events, changed=changed)
    return tuple(effect for effect in (record, count, change_of_access(events)) if effect)


def change_of_access(events: Sequence[Event]) -> Provision | None:
    """The change of access that the events of one decision cause, or None."""
    facts, last = events[0].before, events[-1]
    before, after = facts.state, last.after
    seats_change = (facts.quantity, facts.add_ons) != (after.quantity, after.add_ons)
    access: Access | None = None
    if last.event is EventName.DELETED:
        access = Access.PURGE
    elif last.state.users_have_access and (not before.users_have_access or seats_change):
        access = Access.GRANT
    elif before.users_have_access and not last.state.users_have_access:
        access = Access.REVOKE
    if access is None:
        return None
    return Provision(access=access, at=last.at, seq=last.seq, quantity=after.quantity, add_ons=after.add_ons)
