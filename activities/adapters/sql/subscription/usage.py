"""Usage reports, once per usage id, and the charge that counted each (SUS-10, MON-7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, insert, select, update

from activities.adapters.sql.tables.subscription import usage
from domain.subscription.commands import ReportUsage
from domain.subscription.ledger import UsageCharge


def write(connection: Connection, subscription_id: str, reports: Sequence[ReportUsage], accepted_at: datetime) -> None:
    """Insert reports with new ids. A report without `used_at` counts as used when it was accepted."""
    rows = [
        {
            "subscription_id": subscription_id,
            "usage_id": report.usage_id,
            "used_at": report.used_at or accepted_at,
            "units": report.units,
        }
        for report in reports
    ]
    connection.execute(insert(usage), rows)


def known(connection: Connection, subscription_id: str, usage_ids: Sequence[str]) -> dict[str, Decimal]:
    """The units reported under each id. Unknown ids are left out."""
    of_ids = (usage.c.subscription_id == subscription_id) & usage.c.usage_id.in_(usage_ids)
    return {
        row.usage_id: row.units for row in connection.execute(select(usage.c.usage_id, usage.c.units).where(of_ids))
    }


def bill(connection: Connection, subscription_id: str, charge: UsageCharge, seq: int) -> Decimal:
    """Mark the units that the charge counts as billed by the event, in one statement, and return their sum."""
    counted = _unbilled(subscription_id) & (usage.c.used_at >= charge.used_from)
    if charge.used_before is not None:
        counted &= usage.c.used_at < charge.used_before
    marked = connection.scalars(update(usage).where(counted).values(billed_by=seq).returning(usage.c.units))
    return _sum(marked)


def unbilled(connection: Connection, subscription_id: str, since: datetime | None) -> Decimal:
    """The units used since that instant that no charge has counted yet."""
    waiting = _unbilled(subscription_id)
    if since is not None:
        waiting &= usage.c.used_at >= since
    return _sum(connection.scalars(select(usage.c.units).where(waiting)))


def _unbilled(subscription_id: str) -> ColumnElement[bool]:
    return (usage.c.subscription_id == subscription_id) & usage.c.billed_by.is_(None)


def _sum(units: Iterable[Decimal]) -> Decimal:
    # The database would sum in floats.
    return sum(units, Decimal(0))
