"""Carts in SQL. Each change is one transaction, so that concurrent changes are not lost (BUY-1)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from activities.adapters.sql import locks
from activities.adapters.sql.catalog.rows import customer_of, newest_version, offers_of
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.holdings import holdings_of, unpaid_holds
from activities.adapters.sql.tables.orders import cart
from domain.catalog.customers import Customer
from domain.next_step import Do, NextStep
from domain.ordering.cart import CART_LIFE, Cart, CartRefused
from domain.ordering.eligibility import IMPORT_CUSTOMER, unknown_customer
from domain.ordering.lines import Line
from domain.ordering.placement import CartFacts
from domain.rules import Rule


class SqlCarts:
    """Reads and changes carts. All methods raise BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def facts(self, customer_id: str, cart_id: str | None = None) -> CartFacts | None:
        return await self._database.read(_facts, customer_id, cart_id)

    async def add(self, customer_id: str, new_id: str, line: Line, now: datetime) -> Cart:
        return await self._database.write_under([locks.customer(customer_id)], _add, customer_id, new_id, line, now)

    async def update(self, cart_id: str, change: Callable[[Cart], Cart]) -> Cart:
        return await self._database.write_under([], _update, cart_id, change)


def _facts(connection: Connection, customer_id: str, cart_id: str | None) -> CartFacts | None:
    customer, theirs = _customer(connection, customer_id), _of(customer_id)
    found = _cart_in(connection, theirs.where(cart.c.id == cart_id) if cart_id else theirs.limit(1))
    if found is None:
        return None
    offer_ids = sorted({line.offer for line in found.lines})
    return CartFacts(
        customer=customer,
        cart=found,
        offers=offers_of(connection, offer_ids),
        owned=holdings_of(connection, customer_id, offer_ids),
        catalog_version=newest_version(connection),
        unpaid=unpaid_holds(connection, customer_id),
    )


def _add(connection: Connection, customer_id: str, new_id: str, line: Line, now: datetime) -> Cart:
    known = _open(connection, customer_id, now)
    if known is not None:
        return _keep(connection, known.adding(line, now))
    _customer(connection, customer_id)
    begun = Cart(id=new_id, customer=customer_id, created_at=now).adding(line, now)
    columns = {"id": begun.id, "customer_id": customer_id, "created_at": now, "record": begun}
    connection.execute(insert(cart).values(columns))
    return begun


def _customer(connection: Connection, customer_id: str) -> Customer:
    known = customer_of(connection, customer_id)
    if known is None:
        refusal = unknown_customer(customer_id)
        raise CartRefused(refusal.rule, refusal.message, IMPORT_CUSTOMER)
    return known


def _open(connection: Connection, customer_id: str, now: datetime) -> Cart | None:
    recent = connection.scalars(_of(customer_id).where(cart.c.created_at > now - CART_LIFE))
    return next((found for found in recent if found.ordered_at is None), None)


def _update(connection: Connection, cart_id: str, change: Callable[[Cart], Cart]) -> Cart:
    whose: str | None = connection.scalar(select(cart.c.customer_id).where(cart.c.id == cart_id))
    if whose is not None:
        locks.take(connection, locks.customer(whose))
    known = _cart_in(connection, select(cart.c.record).where(cart.c.id == cart_id))
    if known is None:
        raise CartRefused(Rule.BUY_1, f"There is no cart {cart_id}.", NextStep(Do.ADD_TO_CART, words="Start one"))
    return _keep(connection, change(known))


def _keep(connection: Connection, changed: Cart) -> Cart:
    connection.execute(update(cart).where(cart.c.id == changed.id).values(record=changed))
    return changed


def _of(customer_id: str) -> Select[Any]:
    newest_first = (cart.c.created_at.desc(), cart.c.id.desc())
    return select(cart.c.record).where(cart.c.customer_id == customer_id).order_by(*newest_first)


def _cart_in(connection: Connection, wanted: Select[Any]) -> Cart | None:
    found: Cart | None = connection.scalar(wanted)
    return found
