"""Write the decisions of subscriptions in SQL, each in one transaction."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from activities.adapters.sql import locks
from activities.adapters.sql.database import Database
from activities.adapters.sql.ledger import double_entry
from activities.adapters.sql.ledger import rows as ledger
from activities.adapters.sql.ledger.openings import open_once
from activities.adapters.sql.notifications import publishers
from activities.adapters.sql.postgres import together
from activities.adapters.sql.subscription import answers, claims, conflicts, dating, journal, snapshots, usage
from activities.adapters.sql.tables.notifications import outbox
from activities.adapters.sql.tables.subscription import decision, ledger_entry, subscription
from activities.adapters.sql.tables.subscription import journal as journal_table
from activities.billing.contracts import AskedCommand, CountInput, KeepInput, RecordInput, UsageImported
from activities.errors import BooksConflict
from activities.notifications.contracts import Notice
from activities.wall_clock import wall_clock
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Answered
from domain.subscription.effects import Counted, Receipt, Record
from domain.subscription.events import Event, EventName, State
from domain.subscription.ledger import LedgerRow
from domain.values import CLOCK_SKEW

_OFFER = func.coalesce(subscription.c.offer_id, bindparam("offer", type_=subscription.c.offer_id.type)).label(
    "offer_id"
)
_KNOWN = select(
    *snapshots.LAST, subscription.c.customer_id, _OFFER, publishers.to_notify(_OFFER.element).label("publisher")
).select_from(
    # One row also where the subscription is not known yet.
    select(literal(1)).subquery().outerjoin(subscription, snapshots.ITSELF)
)
_DECIDED = select(decision.c.digest, decision.c.receipt).where(
    decision.c.subscription_id == bindparam("of"), decision.c.seq == bindparam("number")
)
_LIST, _LIST_ANEW = insert(subscription), update(subscription).where(snapshots.ITSELF)
_WRITE = {table: insert(table) for table in (journal_table, ledger_entry, outbox, decision)}


class SqlBooks:
    """The port `Books`. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database, wall_clock: Callable[[], datetime] = wall_clock) -> None:
        self._database = database
        self._wall_clock = wall_clock

    async def record(self, entry: RecordInput) -> Receipt:
        ahead = None if entry.test_clock else self._wall_clock() + CLOCK_SKEW
        try:
            return await self._database.write_under(
                (locks.one_of(entry.customer_id), locks.subscription(entry.subscription_id)),
                record,
                entry,
                digest_of(entry),
                ahead,
            )
        except BooksConflict as error:
            raise BooksConflict(str(error), await self._database.read(conflicts.held, entry)) from None

    async def keep(self, entry: KeepInput) -> None:
        await self._database.write_under([locks.subscription(entry.subscription_id)], snapshots.keep, entry)

    async def count_usage(self, entry: CountInput) -> Counted:
        return await self._database.write_under([locks.subscription(entry.subscription_id)], usage.count, entry)

    async def first_answer(self, asked: AskedCommand) -> Answered | None:
        return await self._database.read(answers.first, asked)

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        its = [locks.subscription(subscription_id)]
        return await self._database.write_under(its, usage.report, subscription_id, command, answer)

    async def report_usages(
        self, subscription_id: str, reports: Sequence[ReportUsage], answer: Answer
    ) -> UsageImported:
        """Record many reports that the lifecycle accepted as of one instant, in one transaction (MON-7, USE-3).

        Raises BooksConflict if the books refuse a report; then none is recorded.
        """
        its = [locks.subscription(subscription_id)]
        return await self._database.write_under(its, usage.report_many, subscription_id, reports, answer)


def record(connection: Connection, entry: RecordInput, digest: str, latest: datetime | None) -> Receipt:
    """Write the decision if the books lack it; `latest` is the latest date that it may have, None for any."""
    offer_id = entry.about.offer.id if entry.about else None
    known = connection.execute(_KNOWN, {"of": entry.subscription_id, "offer": offer_id}).one()
    last = known if known.last_seq is not None else None
    if last is not None and entry.record.seq <= last.last_seq:
        return _first_receipt(connection, entry, digest)
    _refuse_out_of_order(entry.record, last)
    _refuse_of_another(entry, known)
    if latest is not None:
        dating.refuse_ahead(connection, f"Event {entry.record.seq}", entry.record.events[-1].at, latest)
        if last is None:
            dating.refuse_other_placement(connection, entry)
    if last is None and entry.opens:
        open_once(connection, entry.opens.opening)
    return _write(connection, entry, digest, last, known)


def _first_receipt(connection: Connection, entry: RecordInput, digest: str) -> Receipt:
    subscription_id, seq = entry.subscription_id, entry.record.seq
    known = connection.execute(_DECIDED, {"of": subscription_id, "number": seq}).one_or_none()
    if known is None or known.digest != digest:
        raise BooksConflict(f"Event {seq} of {subscription_id} is already recorded with other content (MON-2).")
    receipt: Receipt = known.receipt
    return receipt


def _refuse_of_another(entry: RecordInput, known: Row[Any]) -> None:
    """The first record says what was bought, by whom; the later ones are of the same customer."""
    its = f"Event {entry.record.seq} of {entry.subscription_id}"
    if known.last_seq is None and entry.about is None:
        raise BooksConflict(f"{its} does not say what was bought: the first one has to.")
    if known.last_seq is not None and known.customer_id != entry.customer_id:
        raise BooksConflict(f"{its} is of customer {entry.customer_id}; the subscription is of {known.customer_id}.")


def _refuse_out_of_order(record: Record, last: snapshots.Last) -> None:
    """Each `seq` is the previous one plus 1 (invariant 8); only settlements follow the end (LIF-2, USE-2, REP-1)."""
    if last is not None and State(last.state).ended and record.events[0].event not in _AFTER_THE_END:
        raise BooksConflict(f"Event {record.seq} cannot be recorded: the subscription has ended ({last.state}, LIF-2).")
    previous = last.last_seq if last is not None else 0
    for event in record.events:
        if event.seq != previous + 1:
            raise BooksConflict(f"Event {event.seq} cannot follow event {previous}: {previous + 1} is missing.")
        previous = event.seq


_AFTER_THE_END = frozenset({EventName.USAGE_SETTLED, EventName.CONFLICT_SETTLED})


def _write(connection: Connection, entry: RecordInput, digest: str, last: snapshots.Last, known: Row[Any]) -> Receipt:
    subscription_id, record = entry.subscription_id, entry.record
    usage_rows: list[LedgerRow] = []
    entries: list[dict[str, Any]] = []
    for event in record.events:
        billed = [(charge, usage.bill(connection, subscription_id, charge, event.seq)) for charge in event.usage]
        metered = [row for charge, used in billed for row in charge.rows(used)]
        usage_rows += metered
        entries += ledger.entries_of(subscription_id, event.seq, metered, event.rows)
    receipt = Receipt(seq=record.seq, usage_rows=tuple(usage_rows), publisher=known.publisher)
    decided = {"subscription_id": subscription_id, "seq": record.seq, "digest": digest, "receipt": receipt}
    with _clear_refusal(entries), together(connection):
        _place(connection, entry, last)
        connection.execute(
            _WRITE[journal_table], [journal.columns_of(subscription_id, event) for event in record.events]
        )
        if entries:
            connection.execute(_WRITE[ledger_entry], entries)
            double_entry.enter_rows(connection, entry.customer_id, entries)
        connection.execute(_WRITE[outbox], [_notice(entry, known.offer_id, event) for event in record.events])
        if record.events[-1].state.ended:
            claims.release(connection, subscription_id, record.events[-1])
        connection.execute(_WRITE[decision], decided)
        if record.answered is not None:
            answers.write(connection, subscription_id, record.answered, receipt)
    return receipt


def _place(connection: Connection, entry: RecordInput, last: snapshots.Last) -> None:
    """Update the read model to the last event."""
    record, about = entry.record, entry.about
    now: dict[str, Any] = {**journal.listed_after(record.events[-1]), "next_at": entry.next_at}
    now["snapshot"] = snapshots.after(last, record)
    if last is not None:
        connection.execute(_LIST_ANEW, {"of": entry.subscription_id, **now})
        return
    assert about is not None
    for_good = {
        "id": entry.subscription_id,
        "customer_id": entry.customer_id,
        "offer_id": about.offer.id,
        "publisher": about.offer.publisher.value,
        "currency": about.offer.currency,
        "policy": about.policy,
        "ordered_at": about.ordered_at,
        "offer": about.offer,
        "test_clock": entry.test_clock,
        "ahead_by": entry.ahead_by,
        "invoiced": entry.opens is not None,
    }
    connection.execute(_LIST, {**for_good, **now})


@contextmanager
def _clear_refusal(entries: Sequence[dict[str, Any]]) -> Iterator[None]:
    """Name the keys where the ledger refuses one."""
    try:
        yield
    except IntegrityError as error:
        if ledger_entry.name not in str(error.orig):
            raise
        keys = ", ".join(entry["key"] for entry in entries)
        raise BooksConflict(f"The ledger already holds one of these keys (MON-2): {keys}") from None


def _notice(entry: RecordInput, offer_id: str, event: Event) -> dict[str, Any]:
    return {
        "subscription_id": entry.subscription_id,
        "seq": event.seq,
        "at": event.at,
        "event": event.event.value,
        "payload": Notice.of(event, entry.subscription_id, entry.customer_id, offer_id),
    }


_DIGESTED = {"subscription_id", "customer_id", "about", "record"}


def digest_of(entry: RecordInput) -> str:
    """A digest of the decision: whose it is, with the first one what was bought, and the events.

    Their defaults do not count, so that it stays the same when a newer version adds fields.
    """
    decided = entry.model_copy(update={"record": Record(events=entry.record.events)})
    content = decided.model_dump(mode="json", include=_DIGESTED)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
