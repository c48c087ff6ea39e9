"""Write the decisions of subscriptions in SQL, each in one transaction."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from activities.adapters.sql.database import Database
from activities.adapters.sql.ledger import double_entry
from activities.adapters.sql.ledger import rows as ledger
from activities.adapters.sql.ledger.openings import open_once
from activities.adapters.sql.notifications import publishers
from activities.adapters.sql.subscription import answers, claims, conflicts, dating, journal, snapshots, usage
from activities.adapters.sql.tables.notifications import outbox
from activities.adapters.sql.tables.subscription import decision, ledger_entry, subscription
from activities.adapters.sql.tables.subscription import journal as journal_table
from activities.billing.contracts import About, AskedCommand, CountInput, KeepInput, RecordInput, UsageImported
from activities.errors import BooksConflict
from activities.notifications.contracts import Notice
from activities.wall_clock import wall_clock
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Answered
from domain.subscription.effects import Counted, Receipt, Record
from domain.subscription.events import Event, EventName, State
from domain.subscription.ledger import LedgerRow
from domain.values import CLOCK_SKEW


class SqlBooks:
    """The port `Books`. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database, wall_clock: Callable[[], datetime] = wall_clock) -> None:
        self._database = database
        self._wall_clock = wall_clock

    async def record(self, entry: RecordInput) -> Receipt:
        ahead = None if entry.test_clock else self._wall_clock() + CLOCK_SKEW
        try:
            return await self._database.write(record, entry, digest_of(entry), ahead)
        except BooksConflict as error:
            raise BooksConflict(str(error), await self._database.read(conflicts.held, entry)) from None

    async def keep(self, entry: KeepInput) -> None:
        await self._database.write(snapshots.keep, entry)

    async def count_usage(self, entry: CountInput) -> Counted:
        return await self._database.write(usage.count, entry)

    async def first_answer(self, asked: AskedCommand) -> Answered | None:
        return await self._database.read(answers.first, asked)

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        return await self._database.write(usage.report, subscription_id, command, answer)

    async def report_usages(
        self, subscription_id: str, reports: Sequence[ReportUsage], answer: Answer
    ) -> UsageImported:
        """Record many reports that the lifecycle accepted as of one instant, in one transaction (MON-7, USE-3).

        Raises BooksConflict if the books refuse a report; then none is recorded.
        """
        return await self._database.write(usage.report_many, subscription_id, reports, answer)


def record(connection: Connection, entry: RecordInput, digest: str, latest: datetime | None) -> Receipt:
    """Write the decision if the books lack it; `latest` is the latest date that it may have, None for any."""
    last = snapshots.last_event(connection, entry.about.subscription_id)
    if last is not None and entry.record.seq <= last.last_seq:
        return _first_receipt(connection, entry, digest)
    _refuse_out_of_order(entry.record, last)
    if latest is not None:
        dating.refuse_ahead(connection, f"Event {entry.record.seq}", entry.record.events[-1].at, latest)
        if last is None:
            dating.refuse_other_placement(connection, entry)
    return _write(connection, entry, digest, last)


def _first_receipt(connection: Connection, entry: RecordInput, digest: str) -> Receipt:
    subscription_id, seq = entry.about.subscription_id, entry.record.seq
    where = (decision.c.subscription_id == subscription_id) & (decision.c.seq == seq)
    known = (connection.execute(select(decision.c.digest, decision.c.receipt).where(where))).one_or_none()
    if known is None or known.digest != digest:
        raise BooksConflict(f"Event {seq} of {subscription_id} is already recorded with other content (MON-2).")
    receipt: Receipt = known.receipt
    return receipt


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


def _write(connection: Connection, entry: RecordInput, digest: str, last: snapshots.Last) -> Receipt:
    about, record = entry.about, entry.record
    subscription_id = about.subscription_id
    _place(connection, entry, last)
    usage_rows: list[LedgerRow] = []
    entries: list[dict[str, Any]] = []
    for event in record.events:
        billed = [(charge, usage.bill(connection, subscription_id, charge, event.seq)) for charge in event.usage]
        metered = [row for charge, used in billed for row in charge.rows(used)]
        usage_rows += metered
        entries += ledger.entries_of(subscription_id, event.seq, metered, event.rows)
    journal_entries = [journal.columns_of(subscription_id, event) for event in record.events]
    connection.execute(insert(journal_table), journal_entries)
    _write_ledger(connection, entries)
    double_entry.enter_rows(connection, about.customer_id, entries)
    connection.execute(insert(outbox), [_notice(about, event) for event in record.events])
    if record.events[-1].state.ended:
        claims.release(connection, subscription_id, record.events[-1])
    told = publishers.to_notify(connection, about.offer.id)
    receipt = Receipt(seq=record.seq, usage_rows=tuple(usage_rows), publisher=told)
    connection.execute(
        insert(decision).values(subscription_id=subscription_id, seq=record.seq, digest=digest, receipt=receipt)
    )
    if record.answered is not None:
        answers.write(connection, subscription_id, record.answered, receipt)
    return receipt


def _place(connection: Connection, entry: RecordInput, last: snapshots.Last) -> None:
    """Update the read model to the last event."""
    about, record = entry.about, entry.record
    now: dict[str, Any] = {**journal.listed_after(record.events[-1]), "next_at": entry.next_at}
    now["snapshot"] = snapshots.after(last, record)
    if last is not None:
        connection.execute(update(subscription).where(subscription.c.id == about.subscription_id).values(now))
        return
    if entry.opens:
        open_once(connection, entry.opens.opening)
    for_good = {
        "id": about.subscription_id,
        "customer_id": about.customer_id,
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
    connection.execute(insert(subscription).values({**for_good, **now}))


def _write_ledger(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    if not entries:
        return
    try:
        connection.execute(insert(ledger_entry), entries)
    except IntegrityError:
        keys = ", ".join(entry["key"] for entry in entries)
        raise BooksConflict(f"The ledger already holds one of these keys (MON-2): {keys}") from None


def _notice(about: About, event: Event) -> dict[str, Any]:
    return {
        "subscription_id": about.subscription_id,
        "seq": event.seq,
        "at": event.at,
        "event": event.event.value,
        "payload": Notice.of(about, event),
    }


_BESIDE: Any = {
    **dict.fromkeys(("opens", "test_clock", "ahead_by", "placed", "next_at"), True),
    "record": {"answered", "changed"},
}
"""What the digest leaves out: it is not part of the decision, and earlier versions did not write it."""


def digest_of(entry: RecordInput) -> str:
    """A digest of the content without defaults, so that it stays the same when a newer version adds fields."""
    content = entry.model_dump(mode="json", exclude_defaults=True, exclude=_BESIDE)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
