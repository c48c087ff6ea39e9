"""Which workflows should run by the books, and how far they should be."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, case, func, select, union

from activities.accounts.contracts import AccountOpening, OpenAccount
from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.outbox import done_up_to
from activities.adapters.sql.tables.account import account, account_event, month_close
from activities.adapters.sql.tables.bulk import bulk_operation
from activities.adapters.sql.tables.catalog import offer
from activities.adapters.sql.tables.notifications import delivery
from activities.adapters.sql.tables.subscription import LISTED, decision, subscription
from activities.notifications.contracts import HandOver
from domain.account.events import AccountEvent, AccountEventName, terms_after
from domain.account.terms import BillingTerms, terms_of
from domain.bulk.operations import BulkState
from domain.notification import NotificationStatus
from domain.policy import DEFAULT_PACK
from domain.subscription.events import State
from statemachines.audit.findings import Noun
from statemachines.audit.observed import Booked

PAGE = 200
_ENDED = [state.value for state in State if state.ended]
_OVER = subscription.c.state.in_(_ENDED) & subscription.c.next_at.is_(None)
"""Selects what has ended for good: late usage of a usage offer is settled after its end (USE-2)."""
_FINAL = [state.value for state in BulkState if state.final]
_DONE = [status.value for status in NotificationStatus if status.done]


class SqlWorkflowBook:
    """The port `WorkflowBook`. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, noun: Noun, limit: int = PAGE, after: str | None = None) -> dict[str, Booked]:
        return await self._database.read(_page, noun, limit, after)

    async def of(self, noun: Noun, ids: Collection[str]) -> dict[str, Booked]:
        if not ids:
            return {}
        return await self._database.read(lambda connection: dict(_READERS[noun](connection, ids)))

    async def undelivered(self, subscription_id: str) -> HandOver | None:
        return await self._database.read(_undelivered, subscription_id)

    async def opening(self, customer_id: str) -> AccountOpening | None:
        return await self._database.read(_opening, customer_id)

    async def overdue(self, before: datetime) -> int:
        return await self._database.read(overdue_by, before)


def _page(connection: Connection, noun: Noun, limit: int, after: str | None) -> dict[str, Booked]:
    ids = _IDS[noun].subquery()
    wanted = select(ids.c[0]).order_by(ids.c[0]).limit(limit)
    if after is not None:
        wanted = wanted.where(ids.c[0] > after)
    found = connection.scalars(wanted).all()
    return dict(sorted(_READERS[noun](connection, found))) if found else {}


def overdue_by(connection: Connection, before: datetime) -> int:
    """How many subscriptions' next milestones lie before the instant; not those with a test clock."""
    late = subscription.c.next_at < before, subscription.c.test_clock.is_not(True)
    counted = select(func.count()).select_from(subscription).where(*late)
    return connection.scalars(counted).one()


def _subscriptions(connection: Connection, ids: Collection[str]) -> Iterator[tuple[str, Booked]]:
    for row in _found(connection, select(*LISTED).where(subscription.c.id.in_(ids))):
        booked = Booked(
            runs=not State(row["state"]).ended or row["next_at"] is not None,
            seq=row["last_seq"],
            state=row["state"],
            auto_renew=row["auto_renew"],
            last_at=row["last_at"],
            next_at=row["next_at"],
            test_clock=bool(row["test_clock"]),
        )
        yield row["id"], booked


def _accounts(connection: Connection, ids: Collection[str]) -> Iterator[tuple[str, Booked]]:
    """An account runs from its opening on, or a customer's first invoiced subscription, and closes on invoice days."""
    events = _per_customer(connection, func.max(account_event.c.seq), account_event, ids)
    closes = _per_customer(connection, func.max(month_close.c.period_end), month_close, ids)
    invoiced = _per_customer(
        connection, func.min(subscription.c.ordered_at), subscription, ids, subscription.c.invoiced.is_(True)
    )
    opened = _per_customer(connection, func.min(account.c.opened_at), account, ids)
    opened_with = select(account.c.customer_id, account.c.terms).where(account.c.customer_id.in_(ids))
    terms = {row.customer_id: row.terms for row in connection.execute(opened_with)}
    changes = _changes_of_terms(connection, ids)
    tested = _per_customer(
        connection, func.max(case((subscription.c.test_clock.is_(True), 1), else_=0)), subscription, ids
    )
    for customer_id in {*events, *closes, *opened, *invoiced, *tested}:
        since = closes.get(customer_id) or opened.get(customer_id) or invoiced.get(customer_id)
        booked = Booked(
            runs=customer_id in events or since is not None,
            seq=events.get(customer_id, 0),
            next_at=_closes_after(since, terms.get(customer_id), changes[customer_id]) if since else None,
            test_clock=bool(tested.get(customer_id)),
        )
        yield customer_id, booked


def _changes_of_terms(connection: Connection, ids: Collection[str]) -> dict[str, list[AccountEvent]]:
    changed = select(account_event.c.customer_id, account_event.c.record).where(
        account_event.c.customer_id.in_(ids), account_event.c.event == AccountEventName.TERMS_CHANGED.value
    )
    found: dict[str, list[AccountEvent]] = defaultdict(list)
    for customer_id, event in connection.execute(changed.order_by(account_event.c.customer_id, account_event.c.seq)):
        found[customer_id].append(event)
    return found


def _closes_after(since: datetime, opened: BillingTerms | None, changes: Iterable[AccountEvent]) -> datetime:
    """When the period that began then closes, by the terms that held just before it (MON-11)."""
    before = (event for event in changes if event.at < since)
    return terms_after(opened or terms_of(DEFAULT_PACK), before).closes_after(since)


def _deliveries(connection: Connection, ids: Collection[str]) -> Iterator[tuple[str, Booked]]:
    """A delivery runs after a subscription's end until its publisher has been notified of the last event."""
    last = (
        select(subscription.c.id, subscription.c.last_seq, subscription.c.test_clock, decision.c.receipt)
        .join(decision, decision.c.subscription_id == subscription.c.id)
        .where(subscription.c.id.in_(ids), _OVER)
        .order_by(decision.c.seq)
    )
    told = select(delivery.c.subscription_id).where(delivery.c.subscription_id.in_(ids), *_LAST)
    done = set(connection.scalars(told))
    for row in {row["id"]: row for row in _found(connection, last)}.values():
        notified = row["receipt"].publisher is not None and row["id"] not in done
        yield row["id"], Booked(runs=notified, seq=row["last_seq"], test_clock=bool(row["test_clock"]))


def _bulks(connection: Connection, ids: Collection[str]) -> Iterator[tuple[str, Booked]]:
    """An operation runs, or rests, until it is done or stopped."""
    wanted = select(bulk_operation.c.id, bulk_operation.c.state).where(bulk_operation.c.id.in_(ids))
    for row in _found(connection, wanted):
        yield row["id"], Booked(runs=not BulkState(row["state"]).final, state=row["state"])


def _undelivered(connection: Connection, subscription_id: str) -> HandOver | None:
    of_it = decision.c.subscription_id == subscription_id
    receipt = connection.scalar(select(decision.c.receipt).where(of_it).order_by(decision.c.seq.desc()).limit(1))
    if receipt is None or receipt.publisher is None:
        return None
    last = connection.scalars(select(subscription.c.last_seq).where(subscription.c.id == subscription_id)).one()
    told = done_up_to(connection, subscription_id)
    return HandOver(subscription_id=subscription_id, publisher=receipt.publisher, told=told, last=last)


def _opening(connection: Connection, customer_id: str) -> AccountOpening | None:
    row = connection.execute(select(account).where(account.c.customer_id == customer_id)).mappings().one_or_none()
    if row is not None:
        return AccountOpening.model_validate(dict(row))
    # As an earlier version has opened it.
    facts = select(subscription.c.policy, subscription.c.ordered_at, subscription.c.ahead_by)
    invoiced = facts.where(subscription.c.customer_id == customer_id, subscription.c.invoiced.is_(True))
    first = connection.execute(invoiced.order_by(subscription.c.ordered_at).limit(1)).one_or_none()
    if first is None:
        return None
    return OpenAccount(
        customer_id=customer_id, policy=first.policy, at=first.ordered_at, ahead_by=first.ahead_by
    ).opening


def _per_customer(connection: Connection, value: Any, table: Any, ids: Collection[str], *where: Any) -> dict[str, Any]:
    wanted = select(table.c.customer_id, value).where(table.c.customer_id.in_(ids), *where)
    return {row[0]: row[1] for row in connection.execute(wanted.group_by(table.c.customer_id))}


def _found(connection: Connection, wanted: Select[Any]) -> Iterator[RowMapping]:
    yield from connection.execute(wanted).mappings()


_ended = subscription.alias()
_LAST = (
    delivery.c.standing.in_(_DONE),
    delivery.c.seq == select(_ended.c.last_seq).where(_ended.c.id == delivery.c.subscription_id).scalar_subquery(),
)
"""Selects the deliveries of last events that are done: then all before them are, for they go in order."""
_READERS = {Noun.SUBSCRIPTION: _subscriptions, Noun.ACCOUNT: _accounts, Noun.DELIVERY: _deliveries, Noun.BULK: _bulks}
_IDS: dict[Noun, Any] = {
    Noun.SUBSCRIPTION: select(subscription.c.id).where(~_OVER),
    Noun.ACCOUNT: union(*(select(each.c.customer_id) for each in (subscription, account, account_event, month_close))),
    Noun.DELIVERY: select(subscription.c.id)
    .join(offer, offer.c.id == subscription.c.offer_id)
    .where(
        _OVER,
        offer.c.vendor.is_not(None),
        ~select(1).where(delivery.c.subscription_id == subscription.c.id, *_LAST).exists(),
    ),
    Noun.BULK: select(bulk_operation.c.id).where(bulk_operation.c.state.not_in(_FINAL)),
}
"""The ids that a page is taken from."""
