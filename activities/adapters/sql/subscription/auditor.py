"""Audit of subscriptions: their records against the invariants, and against the digests of their decisions."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection, RowMapping, select

from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.ledger import rows as ledger
from activities.adapters.sql.subscription import usage as usage_reports
from activities.adapters.sql.subscription.books import digest_of
from activities.adapters.sql.subscription.conflicts import seal_of
from activities.adapters.sql.subscription.journal import listed_after
from activities.adapters.sql.subscription.reader import about_of, access_of, changes_of, events_of, ledger_of
from activities.adapters.sql.tables.notifications import delivery, outbox
from activities.adapters.sql.tables.subscription import decision, subscription
from activities.billing.contracts import About, RecordInput
from activities.errors import one_line
from activities.wall_clock import wall_clock
from domain.notification import NotificationStatus, out_of_order
from domain.subscription.effects import Access, Record
from domain.subscription.events import Event
from domain.subscription.subscription import Snapshot
from domain.values import CLOCK_SKEW
from statemachines.audit.recorded import Found, Recorded
from statemachines.audit.subscription import Audited, Invariant, Violation, audit


class SqlAuditor:
    """Reads only. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database, wall_clock: Callable[[], datetime] = wall_clock) -> None:
        self._database = database
        self._wall_clock = wall_clock

    async def page(self, limit: int = PAGE_SIZE, after: str | None = None) -> list[Audited]:
        """Audit the next subscriptions, in the order of their ids and in one state of the database."""
        return await self._database.read(_page, limit, after, self._wall_clock() + CLOCK_SKEW)

    async def one(self, subscription_id: str) -> Audited | None:
        """Audit one subscription. None for an unknown id."""
        return await self._database.read(_one, subscription_id, self._wall_clock() + CLOCK_SKEW)


def _page(connection: Connection, limit: int, after: str | None, latest: datetime) -> list[Audited]:
    wanted = select(subscription.c.id).order_by(subscription.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(subscription.c.id > after)
    return [_audited(connection, subscription_id, latest) for subscription_id in connection.scalars(wanted).all()]


def _one(connection: Connection, subscription_id: str, latest: datetime) -> Audited | None:
    known = connection.scalar(select(subscription.c.id).where(subscription.c.id == subscription_id))
    return _audited(connection, subscription_id, latest) if known else None


def _audited(connection: Connection, subscription_id: str, latest: datetime) -> Audited:
    try:
        return _looked_over(connection, subscription_id, latest)
    except (ValueError, ArithmeticError) as error:
        # What was written by this program can be read, so the record was altered.
        words = one_line(f"its records cannot be read: {error}")
        unreadable = Violation(subscription_id=subscription_id, invariant=Invariant.AS_RECORDED, words=words)
        return Audited(
            subscription_id=subscription_id, events=0, rows=0, access_confirmed=False, violations=(unreadable,)
        )


def _looked_over(connection: Connection, subscription_id: str, latest: datetime) -> Audited:
    listed = connection.execute(select(subscription).where(subscription.c.id == subscription_id)).mappings().one()
    about, events = about_of(listed), events_of(connection, subscription_id)
    entries = connection.execute(ledger_of(subscription_id)).mappings().all()
    life = Recorded(
        subscription_id=subscription_id,
        offer=about.offer,
        policy=about.policy,
        events=tuple(events),
        rows=tuple(ledger.row_of(entry) for entry in entries),
        access=tuple(access_of(connection, subscription_id)),
        logged={row["seq"]: (Access(row["access"]), row["at"]) for row in changes_of(connection, subscription_id)},
        latest=None if listed["test_clock"] else latest,
        reports=usage_reports.all_of(connection, subscription_id),
        settled=bool((listed["snapshot"] or {}).get("usage_closed")) and listed["next_at"] is None,
    )
    altered = (
        *_broken_seals(connection, about, life, entries),
        *_strays(entries, life),
        *_listed_otherwise(listed, events),
        *_kept_otherwise(listed, events),
    )
    return Audited(
        subscription_id=subscription_id,
        events=len(events),
        rows=len(entries),
        access_confirmed=life.access_confirmed,
        noted=tuple(event for event in events if event.settled),
        violations=(
            *audit(life),
            *(
                Violation(
                    subscription_id=subscription_id,
                    invariant=Invariant.AS_RECORDED,
                    words=words,
                    rows=rows,
                    events=its_events,
                )
                for words, rows, its_events in altered
            ),
            *(
                Violation(subscription_id=subscription_id, invariant=Invariant.TOLD_IN_ORDER, words=words)
                for words in _told_out_of_order(connection, subscription_id, life)
            ),
        ),
    )


def _broken_seals(
    connection: Connection, about: About, life: Recorded, entries: Sequence[RowMapping]
) -> Iterator[Found]:
    """Each decision is stored with a digest of its content; events and rows must still match it (MON-2).

    What an operator has settled is held to the seal of then instead.
    """
    yield from _broken_settlements(life)
    sealed = select(decision).where(decision.c.subscription_id == about.subscription_id).order_by(decision.c.seq)
    decisions = connection.execute(sealed).all()
    firsts = [row.seq for row in decisions]
    if firsts[:1] != [1]:
        yield "its first decision is missing", (), ()
    for row, (first, following) in zip(decisions, pairwise([*firsts, len(life.events) + 1]), strict=True):
        of_it = set(range(first, following)) - life.settled_numbers
        its_events = tuple(_without_settled(event, life) for event in life.events if event.seq in of_it)
        charged = [ledger.row_of(entry) for entry in entries if entry["metered"] and entry["seq"] in of_it]
        usage = tuple(row for row in charged if row.key not in life.settled_keys)
        rows = (*(charge for event in its_events for charge in event.rows), *usage)
        if first in of_it and (not its_events or row.digest != _digest(about, its_events)):
            yield f"the decision that began with event {first} is not what was written", rows, its_events
        elif first in of_it and usage != row.receipt.usage_rows:
            yield f"the usage that event {first} charged is not what its receipt says", rows, its_events


def _broken_settlements(life: Recorded) -> Iterator[Found]:
    for event in life.events:
        if event.settled and event.settled.seal:
            about = range(event.settled.first, event.settled.last + 1)
            its_events = tuple(each for each in life.events if each.seq in about)
            if seal_of(its_events) != event.settled.seal:
                yield f"what event {event.seq} settled is not what the operator saw", (), (*its_events, event)


def _without_settled(event: Event, life: Recorded) -> Event:
    """The event without the ledger's rows about which an operator has settled something."""
    rows = tuple(row for row in event.rows if row.key not in life.settled_keys)
    return event.model_copy(update={"rows": rows})


def _strays(entries: Sequence[RowMapping], life: Recorded) -> Iterator[Found]:
    known = {event.seq for event in life.events}
    for entry in entries:
        if entry["seq"] not in known and entry["key"] not in life.settled_keys:
            yield f"{entry['key']} belongs to event {entry['seq']}, which does not exist", (ledger.row_of(entry),), ()


def _listed_otherwise(listed: RowMapping, events: list[Event]) -> Iterator[Found]:
    """The read model must match the last event."""
    if not events:
        return
    last = events[-1]
    for name, wanted in listed_after(last).items():
        if listed[name] != wanted:
            yield f"lists show {name} {listed[name]}, the journal {wanted}", (), (last,)


def _kept_otherwise(listed: RowMapping, events: list[Event]) -> Iterator[Found]:
    """The snapshot from which the subscription would be rebuilt must match the last event."""
    if not events or listed["snapshot"] is None:
        return
    last, snapshot = events[-1], Snapshot.model_validate(listed["snapshot"])
    if snapshot.seq != last.seq:
        yield f"its snapshot is of event {snapshot.seq}, and its last event is {last.seq}", (), (last,)
    holds = tuple(hold.reason for hold in snapshot.holds)
    if holds != last.after.holds:
        yield f"its snapshot shows the holds {_names(holds)}, the journal {_names(last.after.holds)}", (), (last,)


def _names(holds: Sequence[str]) -> str:
    return ", ".join(holds) or "none"


def _told_out_of_order(connection: Connection, subscription_id: str, life: Recorded) -> Iterator[str]:
    noticed = select(outbox.c.seq).where(outbox.c.subscription_id == subscription_id).order_by(outbox.c.seq)
    tried = select(delivery.c.seq, delivery.c.standing).where(delivery.c.subscription_id == subscription_id)
    standings = {row.seq: NotificationStatus(row.standing) for row in connection.execute(tried)}
    known = set(connection.scalars(noticed))
    # What an operator has settled may have been written past this program, which tells publishers.
    told = [event.seq for event in life.events if event.seq in known or event.seq not in life.settled_numbers]
    return out_of_order(told, sorted(known), standings)


def _digest(about: About, its_events: tuple[Event, ...]) -> str:
    return digest_of(RecordInput.under(about, Record(events=its_events)))
