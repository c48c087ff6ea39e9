"""Read subscriptions: lists, journal, ledger, access and notifications."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select

from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.ledger import rows as ledger
from activities.adapters.sql.subscription import journal, usage
from activities.adapters.sql.tables.notifications import outbox
from activities.adapters.sql.tables.subscription import LISTED, access_change, ledger_entry, subscription
from activities.adapters.sql.tables.subscription import journal as journal_table
from activities.billing.contracts import About, ListedSubscription
from domain.subscription.effects import Access, AccessInterval, Provision
from domain.subscription.events import Event, Facts, Notification, State
from domain.subscription.ledger import LedgerRow
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Usage
from statemachines.preview.book import Book


class SqlReader:
    """Reads one subscription, or lists many. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def about(self, subscription_id: str) -> About | None:
        """The unchanging facts of the subscription. None for an unknown id."""
        found = await self._all(select(*LISTED).where(subscription.c.id == subscription_id))
        return about_of(found[0]) if found else None

    async def listed(self, subscription_id: str) -> ListedSubscription | None:
        """The subscription as lists show it. None for an unknown id."""
        found = await self._all(select(*_SHOWN).where(subscription.c.id == subscription_id))
        return _listed(found[0]) if found else None

    async def subscriptions(
        self,
        customer: str | None = None,
        offer: str | None = None,
        state: State | None = None,
        limit: int = PAGE_SIZE,
        after: str | None = None,
    ) -> list[ListedSubscription]:
        """One page of the filtered subscriptions, in the order of their ids; the next starts `after` the last one."""
        wanted = select(*_SHOWN).order_by(subscription.c.id).limit(limit)
        if customer is not None:
            wanted = wanted.where(subscription.c.customer_id == customer)
        if offer is not None:
            wanted = wanted.where(subscription.c.offer_id == offer)
        if state is not None:
            wanted = wanted.where(subscription.c.state == state.value)
        if after is not None:
            wanted = wanted.where(subscription.c.id > after)
        return [_listed(row) for row in await self._all(wanted)]

    async def latest(self, subscription_ids: Sequence[str]) -> dict[str, Subscription | None]:
        """The subscriptions as their last events left them, without what can be refunded; unknown ids are left out.

        None stands for one that cannot be read.
        """
        return {key: each for page in _pages(subscription_ids) for key, each in (await self._latest(page)).items()}

    async def _latest(self, subscription_ids: Sequence[str]) -> dict[str, Subscription | None]:
        try:
            found = await self._all(LATEST.where(subscription.c.id.in_(subscription_ids)))
            return {row["id"]: as_recorded(row) for row in found if row["snapshot"] is not None}
        except ValueError:
            # A value of one of them is no JSON, or does not fit its model: the halves say which.
            if len(subscription_ids) == 1:
                return {subscription_ids[0]: None}
        middle = len(subscription_ids) // 2
        first, second = subscription_ids[:middle], subscription_ids[middle:]
        return await self._latest(first) | await self._latest(second)

    async def first_of(self, customer: str) -> ListedSubscription:
        """The customer's first subscription, by the instant of its order. The customer must have one."""
        wanted = select(*_SHOWN).where(subscription.c.customer_id == customer)
        (first,) = await self._all(wanted.order_by(subscription.c.ordered_at, subscription.c.id).limit(1))
        return _listed(first)

    async def test_clock_customers(self) -> list[str]:
        """The customers with a living subscription that has a test clock, in the order of their ids."""
        living = subscription.c.state.not_in([state.value for state in State if state.ended])
        clocked = select(subscription.c.customer_id).where(subscription.c.test_clock, living)
        found = await self._all(clocked.distinct().order_by(subscription.c.customer_id))
        return [row["customer_id"] for row in found]

    async def counts(self, customer: str | None = None, offer: str | None = None) -> dict[State, int]:
        """How many of the filtered subscriptions are in each state. A state without any is left out."""
        wanted = select(subscription.c.state, func.count().label("count")).group_by(subscription.c.state)
        if customer is not None:
            wanted = wanted.where(subscription.c.customer_id == customer)
        if offer is not None:
            wanted = wanted.where(subscription.c.offer_id == offer)
        return {State(row["state"]): row["count"] for row in await self._all(wanted)}

    async def events(self, subscription_id: str) -> list[Event]:
        """The journal in order, each event as it was recorded."""
        return await self._database.read(events_of, subscription_id)

    async def rows(self, subscription_id: str) -> list[LedgerRow]:
        """The ledger in the order in which it was written."""
        return [ledger.row_of(entry) for entry in await self._all(ledger_of(subscription_id))]

    async def access(self, subscription_id: str) -> list[AccessInterval]:
        """When users had access, by the instants of the decisions, not of the confirmations."""
        return await self._database.read(access_of, subscription_id)

    async def notifications(self, subscription_id: str) -> list[Notification]:
        """The outbox in order."""
        notices = select(outbox.c.seq, outbox.c.at, outbox.c.event).where(outbox.c.subscription_id == subscription_id)
        return [Notification.model_validate(dict(row)) for row in await self._all(notices.order_by(outbox.c.seq))]

    async def unbilled_usage(self, subscription_id: str, since: datetime | None = None) -> Decimal:
        """The units used since that instant that no charge has counted yet (SUS-10)."""
        return await self._database.read(usage.unbilled, subscription_id, since)

    async def unbilled(self, subscription_ids: Sequence[str]) -> dict[str, tuple[Usage, ...]]:
        """The usage that no charge has counted yet, of those of the subscriptions that have some (SUS-10)."""
        pages = _pages(subscription_ids)
        return {key: found for page in pages for key, found in (await self._database.read(usage.of_many, page)).items()}

    async def _all(self, wanted: Select[Any]) -> Sequence[RowMapping]:
        return await self._database.read(_found, wanted)


def _pages(subscription_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (subscription_ids[start : start + PAGE_SIZE] for start in range(0, len(subscription_ids), PAGE_SIZE))


def _found(connection: Connection, wanted: Select[Any]) -> Sequence[RowMapping]:
    return connection.execute(wanted).mappings().all()


def events_of(connection: Connection, subscription_id: str) -> list[Event]:
    """The journal in order, each event with its own ledger rows (not those for usage)."""
    rows: dict[int, list[LedgerRow]] = defaultdict(list)
    for entry in _found(connection, ledger_of(subscription_id)):
        if not entry["metered"]:
            rows[entry["seq"]].append(ledger.row_of(entry))
    entries = select(journal_table).where(journal_table.c.subscription_id == subscription_id)
    found = _found(connection, entries.order_by(journal_table.c.seq))
    return [journal.event_of(entry, rows[entry["seq"]]) for entry in found]


def ledger_of(subscription_id: str) -> Select[Any]:
    """The ledger's entries in the order in which they were written."""
    entries = select(ledger_entry).where(ledger_entry.c.subscription_id == subscription_id)
    return entries.order_by(ledger_entry.c.seq, ledger_entry.c.position)


def changes_of(connection: Connection, subscription_id: str) -> Sequence[RowMapping]:
    """The confirmed changes of access, in the order of their events."""
    changes = select(access_change).where(access_change.c.subscription_id == subscription_id)
    return _found(connection, changes.order_by(access_change.c.seq))


def access_of(connection: Connection, subscription_id: str) -> list[AccessInterval]:
    """When users had access, by the confirmed changes."""
    # `Book` turns changes into intervals; it needs no quantities for that.
    book = Book()
    for row in changes_of(connection, subscription_id):
        access = Access(row["access"])
        book.provision(Provision(access=access, at=row["at"], seq=row["seq"], quantity=0, add_ons={}))
    return book.access


_SHOWN = [column for column in LISTED if column.name != "offer"]
"""What `ListedSubscription` has: its offer is named, and not read."""
LATEST = (
    select(*LISTED, subscription.c.snapshot, journal_table.c.after)
    .join(journal_table, journal_table.c.subscription_id == subscription.c.id)
    .where(journal_table.c.seq == subscription.c.last_seq)
)
"""Selects subscriptions with what `as_recorded` reads of them."""


def as_recorded(row: RowMapping) -> Subscription:
    """The subscription as its last event left it, without what can be refunded; its snapshot must be there."""
    facts = {name: row[name] for name in ("customer_id", "offer", "ordered_at", "last_at")}
    last: Facts = row["after"]
    now = {"state": last.state, "quantity": last.quantity, "add_ons": last.add_ons, "auto_renew": last.auto_renew}
    return Subscription.model_validate(
        {**row["snapshot"], **facts, **now, "subscription_id": row["id"], "unit_price": last.unit_price}
    )


def about_of(row: RowMapping) -> About:
    """The unchanging facts of a subscription."""
    return About.model_validate({**row, "subscription_id": row["id"]})


def _listed(row: RowMapping) -> ListedSubscription:
    return ListedSubscription.model_validate({**row, "subscription_id": row["id"]})
