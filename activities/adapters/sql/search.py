"""Search customers, subscriptions, invoices and orders by their ids and names, and what other systems call them.

What begins with the text comes first, found by an index; only where that is not enough the table is looked through.
"""

import string
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Text,
    cast,
    collate,
    func,
    or_,
    select,
    type_coerce,
)

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.account import invoice, invoice_standing
from activities.adapters.sql.tables.bulk import bulk_operation
from activities.adapters.sql.tables.catalog import customer, offer
from activities.adapters.sql.tables.orders import customer_order
from activities.adapters.sql.tables.subscription import journal, subscription
from activities.found import Found, FoundCustomer, FoundInvoice, FoundOrder, FoundSubscription, Noun
from domain.money import Money, from_minor

AFTER_IDS = "\x7f"
"""Sorts after every character of an id."""
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class SqlSearch:
    """Searches the books. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, text: str, limit: int) -> Found:
        """At most `limit` of each noun. Letters from A to Z match in either case, except where an index is used."""
        return await self._database.read(_find, text, limit)


_IDS: dict[Noun, ColumnElement[str]] = {
    Noun.BULK: bulk_operation.c.id,
    Noun.CUSTOMER: customer.c.id,
    Noun.INVOICE: invoice.c.id,
    Noun.OFFER: offer.c.id,
    Noun.ORDER: customer_order.c.id,
    Noun.SUBSCRIPTION: subscription.c.id,
}


def ids_beginning(connection: Connection, noun: Noun, text: str, limit: int) -> list[str]:
    """At most `limit` ids that begin with the text, in order, found by their index."""
    column = _IDS[noun]
    return list(
        connection.scalars(select(column).where(column.between(text, text + AFTER_IDS)).order_by(column).limit(limit))
    )


class _Noun(NamedTuple):
    """What is searched: the rows, their id, the columns that an index is for, other texts, and what a row becomes."""

    rows: Select[Any]
    key: ColumnElement[str]
    indexed: tuple[ColumnElement[str], ...]
    others: tuple[ColumnElement[str], ...]
    made: Callable[[RowMapping], object]


def _find(connection: Connection, text: str, limit: int) -> Found:
    found: dict[str, tuple[object, ...]] = {}
    more = []
    for name, noun in _nouns(connection):
        # One more than is wanted shows that there are more.
        rows = list(_matching(connection, noun, text, limit + 1))
        found[name] = tuple(noun.made(row) for row in rows[:limit])
        more += [name] if len(rows) > limit else []
    return Found.model_validate({**found, "more": tuple(more)})


def _matching(connection: Connection, noun: _Noun, text: str, most: int) -> Iterator[RowMapping]:
    """Rows whose id begins with the text, then those of which something else does, then those that contain it."""
    indexed = [column.between(text, text + AFTER_IDS) for column in (noun.key, *noun.indexed)]
    anywhere = or_(*(_holds(column, text) for column in (noun.key, *noun.indexed, *noun.others)))
    known: set[str] = set()
    for condition in (*indexed, anywhere):
        if len(known) == most:
            return
        # Known ones may come again: with them there are still enough.
        wanted = noun.rows.where(condition).order_by(noun.key).limit(most + len(known))
        for row in connection.execute(wanted).mappings():
            if row["id"] not in known and len(known) < most:
                known.add(row["id"])
                yield row


def _holds(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.translate(_LOWER), autoescape=True)


def _nouns(connection: Connection) -> Iterator[tuple[str, _Noun]]:
    name = _text_in(connection, customer.c.record, "name")
    rows = select(customer.c.id, name.label("name"))
    yield "customers", _Noun(rows, customer.c.id, (), (name,), _customer)
    of = subscription.c
    rows = select(of.id, of.customer_id, of.offer_id, of.state)
    # What another system calls it is in the first event of one that was taken over (MOV-1).
    rows = rows.outerjoin(journal, (journal.c.subscription_id == of.id) & (journal.c.seq == 1))
    reference = _text_in(connection, journal.c.taken_over, "row", "reference")
    yield "subscriptions", _Noun(rows, of.id, (of.customer_id, of.offer_id), (reference,), _subscription)
    issued = invoice.c
    rows = select(issued.id, issued.customer_id, issued.currency, issued.due_minor, invoice_standing.c.state)
    rows = rows.join(invoice_standing, invoice_standing.c.invoice_id == issued.id)
    yield "invoices", _Noun(rows, issued.id, (issued.customer_id,), (), _invoice)
    ordered = customer_order.c
    rows = select(ordered.id, ordered.customer_id, ordered.ordered_at)
    yield "orders", _Noun(rows, ordered.id, (ordered.customer_id,), (), _order)


def _text_in(connection: Connection, column: ColumnElement[Any], *path: str) -> ColumnElement[str]:
    """The text at that path of a JSON column, whose letters PostgreSQL compares as SQLite does: byte by byte."""
    if connection.dialect.name == "sqlite":
        found: ColumnElement[str] = type_coerce(column, JSON)[path].as_string()
        return found
    return collate(cast(type_coerce(column, Text), JSON)[path].as_string(), "C")


def _customer(row: RowMapping) -> FoundCustomer:
    return FoundCustomer(customer_id=row["id"], name=row["name"])


def _subscription(row: RowMapping) -> FoundSubscription:
    return FoundSubscription(
        subscription_id=row["id"], customer_id=row["customer_id"], offer_id=row["offer_id"], state=row["state"]
    )


def _invoice(row: RowMapping) -> FoundInvoice:
    currency = row["currency"]
    due = Money(amount=from_minor(row["due_minor"], currency), currency=currency)
    return FoundInvoice(invoice=row["id"], customer_id=row["customer_id"], state=row["state"], due=due)


def _order(row: RowMapping) -> FoundOrder:
    return FoundOrder(order_id=row["id"], customer_id=row["customer_id"], ordered_at=row["ordered_at"])
