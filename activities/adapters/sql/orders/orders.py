"""Orders in SQL. Each line is decided, claimed and stored in one transaction (BUY-3, ELG-1, TRI-4)."""

import hashlib
import json
from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, select, tuple_, update

from activities.adapters.sql import locks
from activities.adapters.sql.catalog.rows import customer_of, newest_version, offers_of, partner_of
from activities.adapters.sql.database import PAGE_SIZE, Database
from activities.adapters.sql.subscription import claims
from activities.adapters.sql.subscription.holdings import holdings_of, unpaid_holds
from activities.adapters.sql.tables.orders import customer_order, order_line
from activities.adapters.sql.tables.subscription import subscription
from activities.errors import BooksConflict, OrderConflict
from activities.orders.contracts import LineStatus, OpenInput, OrderLine, PlacedOrder, PlaceInput
from domain.ordering.eligibility import Ownership, Refusal, id_taken
from domain.ordering.lines import OrderRequest
from domain.ordering.placement import Known, Placed, place
from domain.ordering.terms import Order


class SqlOrders:
    """Orders and their lines. All methods raise BooksUnavailable or SchemaMismatch.

    A line that does not exist, or whose status does not fit the call, is a BooksConflict.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, entry: OpenInput) -> PlacedOrder:
        return await self._database.write_under([locks.order(entry.request.order_id)], open_order, entry)

    async def place(self, line: PlaceInput) -> OrderLine:
        """Place or refuse a waiting line and take its claims, in one transaction. Any other line is left as it is.

        A refused line stays refused until its order is opened again: a late retry must not place a line that nobody
        will start.
        """
        return await self._database.write_under([locks.order(line.order_id)], place_line, line)

    async def purchase(self, order_id: str, number: int) -> Order:
        return await self._database.read(_purchase, order_id, number)

    async def partner(self, customer_id: str) -> str | None:
        return await self._database.read(partner_of, customer_id)

    async def note_started(self, order_id: str, number: int) -> OrderLine:
        return await self._database.write_under([locks.order(order_id)], note_started, order_id, number)

    async def order(self, order_id: str) -> PlacedOrder | None:
        found = await self._database.read(_orders, select(customer_order).where(customer_order.c.id == order_id))
        return found[0] if found else None

    async def orders(
        self, customer: str | None = None, limit: int = PAGE_SIZE, after: str | None = None
    ) -> list[PlacedOrder]:
        place_in_list = tuple_(customer_order.c.ordered_at, customer_order.c.id)
        newest_first = (customer_order.c.ordered_at.desc(), customer_order.c.id.desc())
        wanted = select(customer_order).order_by(*newest_first).limit(limit)
        if customer is not None:
            wanted = wanted.where(customer_order.c.customer_id == customer)
        if after is not None:
            ordered_at = select(customer_order.c.ordered_at).where(customer_order.c.id == after).scalar_subquery()
            wanted = wanted.where(place_in_list < tuple_(ordered_at, after))
        return await self._database.read(_orders, wanted)


def open_order(connection: Connection, entry: OpenInput) -> PlacedOrder:
    """Take the order in with its lines waiting; of one that is known, set the refused lines to waiting."""
    order_id, digest = entry.request.order_id, _digest(entry.request)
    itself = customer_order.c.id == order_id
    known = connection.scalar(select(customer_order.c.digest).where(itself))
    if known is None:
        _take_in(connection, entry, digest)
    elif known != digest:
        raise OrderConflict(
            f"Order {order_id} was placed with other content (BUY-3): "
            "send the same order again, or choose another order id."
        )
    else:
        refused = (order_line.c.order_id == order_id) & (order_line.c.status == LineStatus.REFUSED.value)
        connection.execute(update(order_line).where(refused).values(status=LineStatus.WAITING.value, refusal=None))
    (opened,) = _orders(connection, select(customer_order).where(itself))
    return opened


def _take_in(connection: Connection, entry: OpenInput, digest: str) -> None:
    request = entry.request
    whose = {"customer_id": request.customer}
    head = {"id": request.order_id, "ordered_at": entry.at, "digest": digest, "request": request}
    connection.execute(insert(customer_order).values(head | whose))
    each = {"order_id": request.order_id, "status": LineStatus.WAITING.value, **whose}
    lines = [each | {"number": number, "offer_id": line.offer} for number, line in enumerate(request.lines, start=1)]
    connection.execute(insert(order_line), lines)


def place_line(connection: Connection, wanted: PlaceInput) -> OrderLine:
    """Place or refuse a waiting line."""
    request, line = _found(connection, wanted.order_id, wanted.number)
    if line.status is not LineStatus.WAITING:
        return line
    # What the customer has, and whose the id is, stays so until the line is decided (ELG-1, TRI-4, BUY-3).
    locks.take(connection, locks.customer(request.customer), locks.subscription(line.subscription_id))
    decided = _decided(connection, request, wanted)
    if isinstance(decided, Refusal):
        line = line.model_copy(update={"status": LineStatus.REFUSED, "refusal": decided})
        return _noted(connection, wanted.order_id, line)
    claims.take(connection, decided.order.subscription_id, decided.claims)
    placed = {"subscription_id": decided.order.subscription_id, "purchase": decided.order}
    return _noted(connection, wanted.order_id, line.model_copy(update={"status": LineStatus.PLACED}), **placed)


def place_again(connection: Connection, wanted: PlaceInput, decided: OrderLine) -> bool:
    """Take over what was decided of a line that is not placed; False where nothing is different.

    Raises BooksConflict if a line that was placed would be refused now.
    """
    _, line = _found(connection, wanted.order_id, wanted.number)
    if line.status not in {LineStatus.WAITING, LineStatus.REFUSED} or line == decided:
        return False
    if decided.status is LineStatus.REFUSED:
        _noted(connection, wanted.order_id, decided)
        return True
    _noted(connection, wanted.order_id, line.model_copy(update={"status": LineStatus.WAITING, "refusal": None}))
    now = place_line(connection, wanted)
    if now.refusal is not None:
        words = f"Line {wanted.number} of order {wanted.order_id} was placed, and would be refused now"
        raise BooksConflict(f"{words} ({now.refusal.rule}): {now.refusal.message}")
    return True


def start_again(connection: Connection, order_id: str, number: int) -> bool:
    """Note that the line's subscription has started; False if that is noted already."""
    _, line = _found(connection, order_id, number)
    if line.status is LineStatus.BOUGHT:
        return False
    note_started(connection, order_id, number)
    return True


def _noted(connection: Connection, order_id: str, line: OrderLine, **columns: object) -> OrderLine:
    now = {"status": line.status.value, "refusal": line.refusal, **columns}
    connection.execute(update(order_line).where(_itself(order_id, line.number)).values(now))
    return line


def _decided(connection: Connection, request: OrderRequest, wanted: PlaceInput) -> Placed | Refusal:
    line, subscription_id = request.lines[wanted.number - 1], request.subscription_id(wanted.number)
    if _is_taken(connection, subscription_id):
        return id_taken(subscription_id, named=line.subscription_id is not None)
    decided = place(
        line,
        _known(connection, request.customer, line.offer, subscription_id),
        subscription_id=subscription_id,
        customer_id=request.customer,
        at=wanted.at,
        by=request.by,
        roles=request.roles,
    )
    return decided if isinstance(decided, Placed) else decided[0]


def _is_taken(connection: Connection, subscription_id: str) -> bool:
    """Whether another purchase uses the id of a waiting line: an order line, or a subscription without an order."""
    of_line = select(order_line.c.number).where(order_line.c.subscription_id == subscription_id)
    of_life = select(subscription.c.last_seq).where(subscription.c.id == subscription_id)
    return connection.scalar(of_line) is not None or connection.scalar(of_life) is not None


def _known(connection: Connection, customer_id: str, offer_id: str, subscription_id: str) -> Known:
    theirs = holdings_of(connection, customer_id, [offer_id])[offer_id]
    # Its own claim, where an attempt before there were orders took it, does not stand in its way.
    others = tuple(owned for owned in theirs.living if owned.subscription_id != subscription_id)
    return Known(
        offer=offers_of(connection, [offer_id]).get(offer_id),
        customer=customer_of(connection, customer_id),
        owned=Ownership(living=others, trial_of=theirs.trial_of),
        catalog_version=newest_version(connection),
        unpaid=unpaid_holds(connection, customer_id),
    )


def _purchase(connection: Connection, order_id: str, number: int) -> Order:
    purchase: Order | None = connection.scalar(select(order_line.c.purchase).where(_itself(order_id, number)))
    if purchase is None:
        raise BooksConflict(f"Line {number} of order {order_id} is not placed, so there is nothing to start.")
    return purchase


def note_started(connection: Connection, order_id: str, number: int) -> OrderLine:
    """Note that the placed line's subscription has started."""
    _, line = _found(connection, order_id, number)
    if line.status is LineStatus.BOUGHT:
        return line
    if line.status is not LineStatus.PLACED:
        raise BooksConflict(f"Line {number} of order {order_id} is {line.status}: only a placed line can be bought.")
    return _noted(connection, order_id, line.model_copy(update={"status": LineStatus.BOUGHT}))


def _found(connection: Connection, order_id: str, number: int) -> tuple[OrderRequest, OrderLine]:
    columns = select(customer_order.c.request, order_line).join_from(order_line, customer_order)
    row = connection.execute(columns.where(_itself(order_id, number))).one_or_none()
    if row is None:
        raise BooksConflict(f"Order {order_id} has no line {number}: open the order first.")
    return row.request, _line(row.request, row)


def _orders(connection: Connection, wanted: Select[Any]) -> list[PlacedOrder]:
    found = connection.execute(wanted).all()
    lines: dict[str, list[Row[Any]]] = defaultdict(list)
    theirs = select(order_line).where(order_line.c.order_id.in_([row.id for row in found]))
    for line in connection.execute(theirs.order_by(order_line.c.order_id, order_line.c.number)):
        lines[line.order_id].append(line)
    return [
        PlacedOrder(
            order_id=row.id,
            customer=row.customer_id,
            ordered_at=row.ordered_at,
            lines=tuple(_line(row.request, line) for line in lines[row.id]),
        )
        for row in found
    ]


def _line(request: OrderRequest, row: Row[Any]) -> OrderLine:
    asked = request.lines[row.number - 1]
    return OrderLine(
        number=row.number,
        offer=asked.offer,
        quantity=asked.quantity,
        add_ons=dict(asked.add_ons),
        subscription_id=request.subscription_id(row.number),
        status=LineStatus(row.status),
        refusal=row.refusal,
    )


def _itself(order_id: str, number: int) -> ColumnElement[bool]:
    return (order_line.c.order_id == order_id) & (order_line.c.number == number)


def _digest(request: OrderRequest) -> str:
    """A digest of the content without defaults, so that it stays the same when a newer version adds fields."""
    content = request.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
