"""Writes that activities have made before, made again in a copy of the books that lacks them."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from activities.accounts.contracts import (
    AccountOpening,
    AccountReceipt,
    AccountRecordInput,
    CloseInput,
    HoldInput,
    LiftInput,
)
from activities.adapters.sql.account import books as account_books
from activities.adapters.sql.account import closing, holds, taxes
from activities.adapters.sql.database import Database
from activities.adapters.sql.ledger.openings import open_once
from activities.adapters.sql.orders import orders
from activities.adapters.sql.subscription import access_log, snapshots, usage
from activities.adapters.sql.subscription import books as subscription_books
from activities.adapters.sql.tables.orders import customer_order
from activities.billing.contracts import CountInput, KeepInput, RecordInput
from activities.errors import BooksConflict
from activities.orders.contracts import LineStatus, OpenInput, OrderLine, PlaceInput, StartInput
from activities.provisioning.contracts import Confirmation, ProvisionInput
from activities.wall_clock import wall_clock
from domain.account.events import CloseReceipt
from domain.subscription.effects import Counted, Receipt
from domain.values import CLOCK_SKEW, Frozen, format_instant
from statemachines.account.holds import hold_placed_by

ANY_DATE = datetime.max.replace(tzinfo=UTC)


class SqlBackfill:
    """The port `Backfill`. Each write is one transaction."""

    def __init__(self, database: Database, wall_clock: Callable[[], datetime] = wall_clock) -> None:
        self._database = database
        self._wall_clock = wall_clock

    async def write(self, entry: Frozen, result: Frozen | None) -> bool:
        return await self._database.write(_write, entry, result, self._wall_clock() + CLOCK_SKEW)


def _write(connection: Connection, entry: Frozen, result: Frozen | None, latest: datetime) -> bool:
    match entry, result:
        case RecordInput(), Receipt():
            return _record(connection, entry, result, None if entry.test_clock else latest)
        case AccountOpening(), None:
            return open_once(connection, entry)
        case AccountRecordInput(), AccountReceipt() | None:
            return account_books.record(connection, entry, ANY_DATE if entry.test_clock else latest, result)
        case CloseInput(), CloseReceipt():
            return _close(connection, entry, result)
        case HoldInput(), _:
            return holds.note_shared(connection, entry)
        case LiftInput(), _:
            return _lift(connection, entry)
        case KeepInput(), None:
            return snapshots.keep(connection, entry)
        case CountInput(), Counted():
            return _count(connection, entry, result)
        case ProvisionInput(), Confirmation():
            return access_log.note(connection, entry, result)
        case OpenInput(), _:
            return _open(connection, entry)
        case PlaceInput(), OrderLine():
            return orders.place_again(connection, entry, result)
        case StartInput(), OrderLine(status=LineStatus.BOUGHT):
            return orders.start_again(connection, entry.order_id, entry.number)
    raise TypeError(f"{type(entry).__name__} with {type(result).__name__} is no write of an activity")


def _record(connection: Connection, entry: RecordInput, before: Receipt, latest: datetime | None) -> bool:
    subscription_id, customer_id, seq = entry.subscription_id, entry.customer_id, entry.record.seq
    last = snapshots.last_event(connection, subscription_id)
    receipt = subscription_books.record(connection, entry, subscription_books.digest_of(entry), latest)
    if receipt.usage_rows != before.usage_rows:
        words = f"Event {seq} of {subscription_id} has billed usage that these books do not have"
        raise BooksConflict(f"{words}. Import its usage again first.")
    if entry.record.answered and (hold := hold_placed_by(entry.record.answered)) is not None:
        invoice = holds.invoice_of(connection, customer_id, hold)
        holds.note_placed(connection, customer_id, hold, subscription_id, invoice)
    return last is None or last.last_seq < seq


def _count(connection: Connection, entry: CountInput, before: Counted) -> bool:
    """Keep what was counted then: the books may have reports that came later, but must not lack one."""
    found = usage.waiting(connection, entry)
    if sum(one.units for one in found.usage) < sum(one.units for one in before.usage):
        words = f"After event {entry.count.seq} of {entry.subscription_id} usage was counted that these books lack"
        raise BooksConflict(f"{words}. Import its usage again first.")
    return usage.keep_count(connection, entry, before)


def _close(connection: Connection, entry: CloseInput, before: CloseReceipt) -> bool:
    known = closing.closed_before(connection, entry) is not None
    taxed = taxes.taxed_before(connection, entry.customer_id, before)
    if closing.close_month(connection, entry, taxed) != before:
        end = format_instant(entry.close.period.end)
        words = f"The month of {entry.customer_id} until {end} has other invoices than its account was told"
        raise BooksConflict(f"{words}. See which of its subscriptions' events the books lack.")
    return not known


def _lift(connection: Connection, entry: LiftInput) -> bool:
    standing = holds.to_lift(connection, entry)
    for each in standing:
        holds.lifted(connection, entry, each.subscription_id)
    return bool(standing)


def _open(connection: Connection, entry: OpenInput) -> bool:
    """An order that is known is left as it is, also where it was sent again: what was decided then, comes next."""
    itself = customer_order.c.id == entry.request.order_id
    if connection.scalar(select(customer_order.c.id).where(itself)) is not None:
        return False
    orders.open_order(connection, entry)
    return True
