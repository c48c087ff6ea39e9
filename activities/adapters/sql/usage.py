"""The usage book: what was used, once per usage id, and which charge has counted it (SUS-10, MON-7)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, insert, select, update

from activities.adapters.sql.tables import usage
from domain.commands import ReportUsage
from domain.ledger import UsageCharge


def known_units(connection: Connection, subscription_id: str, usage_id: str) -> Decimal | None:
    """The units reported under that id; None where there are none yet."""
    of_id = (usage.c.subscription_id == subscription_id) & (usage.c.usage_id == usage_id)
    units: Decimal | None = connection.scalar(select(usage.c.units).where(of_id))
    return units


def write(connection: Connection, subscription_id: str, command: ReportUsage, used_at: datetime) -> None:
    """A report under a new id."""
    connection.execute(
        insert(usage).values(
            subscription_id=subscription_id, usage_id=command.usage_id, used_at=used_at, units=command.units
        )
    )


def bill(connection: Connection, subscription_id: str, charge: UsageCharge, seq: int) -> Decimal:
    """The units that the charge counts, marked as billed by that event: in one statement, so that none slips by."""
    counted = _unbilled(subscription_id) & (usage.c.used_at >= charge.used_from)
    if charge.used_before is not None:
        counted &= usage.c.used_at < charge.used_before
    marked = connection.scalars(update(usage).where(counted).values(billed_by=seq).returning(usage.c.units))
    return _sum(marked)


def unbilled(connection: Connection, subscription_id: str, since: datetime | None) -> Decimal:
    """The units that no charge has counted yet, used from that instant on."""
    waiting = _unbilled(subscription_id)
    if since is not None:
        waiting &= usage.c.used_at >= since
    return _sum(connection.scalars(select(usage.c.units).where(waiting)))


def _unbilled(subscription_id: str) -> ColumnElement[bool]:
    return (usage.c.subscription_id == subscription_id) & usage.c.billed_by.is_(None)


def _sum(units: Iterable[Decimal]) -> Decimal:
    # Summed here: the database would sum in floats.
    return sum(units, Decimal(0))
