"""Takes subscriptions over in SQL, each with its claims in one transaction, and reads running ones to export them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, select

from activities.adapters.sql.catalog.rows import newest_version
from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.subscription import claims, usage
from activities.adapters.sql.subscription.books import digest_of, record
from activities.adapters.sql.subscription.reader import LATEST, as_recorded, events_of
from activities.adapters.sql.tables.catalog import customer, offer
from activities.adapters.sql.tables.orders import order_line
from activities.adapters.sql.tables.subscription import claim, journal, subscription
from activities.adapters.sql.takeover import invoices
from activities.adapters.sql.takeover.by_ids import by_ids
from activities.takeover.contracts import Running, TakeoverInput
from activities.wall_clock import wall_clock
from domain.subscription.events import State
from domain.subscription.pricing import refundable_in
from domain.subscription.usage import Report
from domain.values import CLOCK_SKEW
from statemachines.takeover.known import Here, Named, Standing


class SqlTakeovers:
    """The port `TakeoverBook`. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database, wall_clock: Callable[[], datetime] = wall_clock) -> None:
        self._database = database
        self._wall_clock = wall_clock

    async def standing(self, named: Named) -> Standing:
        return await self._database.read(_standing, named)

    async def take(self, takeovers: Sequence[TakeoverInput]) -> int:
        return await self._database.write(_take, takeovers, self._wall_clock() + CLOCK_SKEW)

    async def running(
        self,
        customer: str | None = None,
        offer: str | None = None,
        state: State | None = None,
        limit: int = PAGE_SIZE,
        after: str | None = None,
    ) -> list[Running]:
        filters = {"customer_id": customer, "offer_id": offer, "state": state and state.value}
        return await self._database.read(_running, filters, limit, after)

    async def unpaid(self, customer: str | None = None) -> int:
        return await self._database.read(invoices.unpaid, customer)


def _standing(connection: Connection, named: Named) -> Standing:
    def by(column: Column[Any], keys: Collection[str], *wanted: Column[Any]) -> Iterator[RowMapping]:
        return by_ids(connection, select(column, *wanted), column, keys)

    first = select(subscription.c.id, subscription.c.state, journal.c.taken_over).join(
        journal, (journal.c.subscription_id == subscription.c.id) & (journal.c.seq == 1)
    )
    return Standing(
        catalog_version=newest_version(connection),
        customers={row["id"]: row["record"] for row in by(customer.c.id, named.customers, customer.c.record)},
        offers={row["id"]: row["record"] for row in by(offer.c.id, named.offers, offer.c.record)},
        here={
            row["id"]: Here(row=row["taken_over"].row if row["taken_over"] else None, ended=State(row["state"]).ended)
            for row in by_ids(connection, first, subscription.c.id, named.subscriptions)
        },
        holders={row["key"]: row["subscription_id"] for row in by(claim.c.key, named.claims, claim.c.subscription_id)},
        ordered=frozenset(row["subscription_id"] for row in by(order_line.c.subscription_id, named.subscriptions)),
        invoices=invoices.taken_over(connection, named.customers),
    )


def _take(connection: Connection, takeovers: Sequence[TakeoverInput], latest: datetime) -> int:
    """Record them all, and take their claims; the number of those that the books did not have."""
    its = subscription.c.id
    ids = {each.entry.subscription_id for each in takeovers}
    known = {row["id"] for row in by_ids(connection, select(its), its, ids)}
    for each in takeovers:
        record(connection, each.entry, digest_of(each.entry), latest)
        claims.take(connection, each.entry.subscription_id, each.claims)
        if each.usage and each.entry.subscription_id not in known:
            usage.write(connection, each.entry.subscription_id, each.usage)
    return len(takeovers) - len(known)


def _running(connection: Connection, filters: dict[str, Any], limit: int, after: str | None) -> list[Running]:
    first = journal.alias()
    wanted = LATEST.add_columns(first.c.taken_over).join(
        first, (first.c.subscription_id == subscription.c.id) & (first.c.seq == 1)
    )
    for column, value in filters.items():
        if value is not None:
            wanted = wanted.where(subscription.c[column] == value)
    if after is not None:
        wanted = wanted.where(subscription.c.id > after)
    rows = connection.execute(wanted.order_by(subscription.c.id).limit(limit)).mappings().all()
    found = []
    owed = invoices.owed_for(connection, {row["customer_id"] for row in rows})
    for row in rows:
        seen = as_recorded(row)
        if seen.term is not None and seen.last_at < seen.refund_closes:
            refundable = refundable_in(events_of(connection, seen.subscription_id), seen.window_from)
            seen = seen.model_copy(update={"refundable": refundable})
        reference = row["taken_over"].row.get("reference") if row["taken_over"] else None
        unbilled: tuple[Report, ...] = ()
        if seen.offer.metered:
            reports = usage.all_of(connection, seen.subscription_id)
            unbilled = tuple(report for report in reports if report.billed_by is None)
        found.append(Running(seen, reference, tuple(owed.get(seen.subscription_id, ())), unbilled))
    return found
