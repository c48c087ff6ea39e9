"""Usage reports, once per usage id, their corrections, and the event that billed each (USE-1 to USE-3, MON-7)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from activities.adapters.sql.subscription import snapshots
from activities.adapters.sql.tables.subscription import subscription, usage
from activities.billing.contracts import CountInput, KeepInput, UsageImported
from activities.errors import BooksConflict, BooksUnavailable
from domain.rules import Rule
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import Counted
from domain.subscription.subscription import Changes
from domain.subscription.usage import Report, Unbilled, Usage, UsageCharge
from statemachines.subscription.refusals import instead, usage_by_books

AT_ONCE = 10_000
"""Reports that one statement bills: a server ends those that take longer than `postgres.LONGEST_STATEMENT`."""


def report(connection: Connection, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
    """Record a report that the lifecycle accepted. Raises BooksUnavailable while its event is not in the journal."""
    if _closed(connection, subscription_id, answer):
        return instead(answer, Outcome.REFUSED, Rule.USE_1, "Its usage is settled; no more is taken.")
    known = _reports(connection, subscription_id, [command])
    final, new = _decided(command, answer, known)
    if new is not None:
        write(connection, subscription_id, [new])
    return final


def report_many(
    connection: Connection, subscription_id: str, commands: Sequence[ReportUsage], answer: Answer
) -> UsageImported:
    """Record many reports, all accepted as of the answer's instant, in their order.

    Raises BooksConflict, and records none, if the books refuse one; BooksUnavailable as `report`.
    """
    if _closed(connection, subscription_id, answer):
        raise BooksConflict(f"Its usage is settled; no more is taken ({Rule.USE_1}).")
    known, written = _reports(connection, subscription_id, commands), []
    for command in commands:
        final, new = _decided(command, answer, known)
        if final.outcome is Outcome.REFUSED:
            raise BooksConflict(f"usage_id {command.usage_id}: {final.message.rstrip('.')} ({final.rule}).")
        if new is not None:
            written.append(new)
    if written:
        write(connection, subscription_id, written)
    return UsageImported(recorded=len(written), known=len(commands) - len(written))


def _closed(connection: Connection, subscription_id: str, answer: Answer) -> bool:
    """Whether its usage is settled, so that nothing recorded now would be billed."""
    last = snapshots.last_event(connection, subscription_id)
    if last is None or last.last_seq < answer.seq:
        raise BooksUnavailable(f"Event {answer.seq} of {subscription_id} is not recorded yet. Try again shortly.")
    return bool((last.snapshot or {}).get("usage_closed"))


def _decided(command: ReportUsage, answer: Answer, known: dict[str, Report]) -> tuple[Answer, Report | None]:
    """The final answer, and the report to be written, which is added to `known`; None if nothing is."""
    corrected = known.get(command.corrects) if command.corrects else None
    final = usage_by_books(answer, command, known.get(command.usage_id), corrected)
    if final.outcome is not Outcome.DONE:
        return final, None
    new = Report.of(command.usage_id, command.units, command.used_at or answer.at, corrected)
    known[new.usage_id] = new
    if corrected is not None:
        known[corrected.usage_id] = corrected.model_copy(update={"corrected_by": new.usage_id})
    return final, new


def _reports(connection: Connection, subscription_id: str, commands: Sequence[ReportUsage]) -> dict[str, Report]:
    """The recorded reports that have an id which the commands name, each with its correction."""
    named = {name for command in commands for name in (command.usage_id, command.corrects) if name}
    about = or_(usage.c.usage_id.in_(named), usage.c.corrects.in_(named))
    rows = connection.execute(select(usage).where(usage.c.subscription_id == subscription_id, about)).mappings().all()
    corrections = {row["corrects"]: row["usage_id"] for row in rows if row["corrects"]}
    return {
        row["usage_id"]: Report.model_validate({**row, "corrected_by": corrections.get(row["usage_id"])})
        for row in rows
        if row["usage_id"] in named
    }


def write(connection: Connection, subscription_id: str, reports: Sequence[Report]) -> None:
    """Write new reports."""
    stored = {"usage_id", "used_at", "units", "replaced", "corrects"}
    connection.execute(
        insert(usage), [{"subscription_id": subscription_id, **report.model_dump(include=stored)} for report in reports]
    )


def bill(connection: Connection, subscription_id: str, charge: UsageCharge, seq: int) -> list[Usage]:
    """Mark the usage that the charge includes as billed by the event, and return it."""
    included = _unbilled(subscription_id) & (usage.c.used_at >= charge.used_from)
    if charge.used_before is not None:
        included &= usage.c.used_at < charge.used_before
    some = usage.c.usage_id.in_(select(usage.c.usage_id).where(included).limit(AT_ONCE))
    marked = update(usage).where(usage.c.subscription_id == subscription_id, some).values(billed_by=seq)
    marking, billed = marked.returning(usage.c.used_at, usage.c.units, usage.c.replaced), list[Usage]()
    while found := _usage(connection.execute(marking)):
        billed += found
    return billed


def count(connection: Connection, entry: CountInput) -> Counted:
    """Count what is unbilled, by billing period, and keep the count in the subscription's snapshot (USE-2).

    Raises BooksConflict if its event is not recorded.
    """
    counted = waiting(connection, entry)
    keep_count(connection, entry, counted)
    return counted


def waiting(connection: Connection, entry: CountInput) -> Counted:
    """What is unbilled, by billing period."""
    return Counted(usage=entry.count.charge.summed(_unbilled_usage(connection, _unbilled(entry.subscription_id))))


def keep_count(connection: Connection, entry: CountInput, counted: Counted) -> bool:
    """Keep the count in the snapshot, unless a later event is recorded. Returns whether the snapshot changed."""
    effect, subscription_id = entry.count, entry.subscription_id
    as_counted = Unbilled(at=effect.at, usage=counted.usage).model_dump(mode="json")
    changed: Changes = {"unbilled": as_counted, **({"usage_closed": True} if effect.closes else {})}
    kept = snapshots.keep(connection, KeepInput(subscription_id=subscription_id, seq=effect.seq, changed=changed))
    if kept and effect.closes and not effect.charge.rows(counted.usage):
        # Nothing happens by itself any more.
        connection.execute(update(subscription).where(subscription.c.id == subscription_id).values(next_at=None))
    return kept


def unbilled(connection: Connection, subscription_id: str, since: datetime | None) -> Decimal:
    """The units used since that instant that no event has billed yet, less those that corrections take back."""
    of_it = _unbilled(subscription_id)
    if since is not None:
        of_it &= usage.c.used_at >= since
    # The database would sum in floats.
    return sum((one.net for one in _unbilled_usage(connection, of_it)), Decimal(0))


def of_many(connection: Connection, subscription_ids: Collection[str]) -> dict[str, tuple[Usage, ...]]:
    """What no event has billed yet, of those of the subscriptions that have some."""
    waiting = usage.c.subscription_id.in_(subscription_ids) & usage.c.billed_by.is_(None)
    columns = usage.c.subscription_id, usage.c.used_at, usage.c.units, usage.c.replaced
    rows = connection.execute(select(*columns).where(waiting).order_by(usage.c.subscription_id, usage.c.used_at))
    by_id = groupby(rows, key=lambda row: str(row.subscription_id))
    return {subscription_id: tuple(_usage(found)) for subscription_id, found in by_id}


def all_of(connection: Connection, subscription_id: str) -> tuple[Report, ...]:
    """Every recorded report with the event that billed it, in the order of their ids."""
    of_it = select(usage).where(usage.c.subscription_id == subscription_id).order_by(usage.c.usage_id)
    return tuple(Report.model_validate(row) for row in connection.execute(of_it).mappings())


def _unbilled(subscription_id: str) -> ColumnElement[bool]:
    return (usage.c.subscription_id == subscription_id) & usage.c.billed_by.is_(None)


def _unbilled_usage(connection: Connection, where: ColumnElement[bool]) -> list[Usage]:
    return _usage(connection.execute(select(usage.c.used_at, usage.c.units, usage.c.replaced).where(where)))


def _usage(rows: Iterable[Any]) -> list[Usage]:
    return [Usage(used_at=row.used_at, units=row.units, replaced=row.replaced) for row in rows]
