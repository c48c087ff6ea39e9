"""What a transaction that writes must have to itself on PostgreSQL (ADR 0012). SQLite has one writer at a time anyway.

A transaction takes its locks in the order of their kinds, at most one of each, so that none waits in a circle. A lock
is on a name, not on a row, so it also holds off what is not there yet: a second purchase, or a first event.
"""

import hashlib
from enum import IntEnum
from typing import NamedTuple

from sqlalchemy import Connection


class Kind(IntEnum):
    """What is locked, in the order in which locks are taken."""

    DATABASE = 0
    ORDER = 1
    CUSTOMER = 2
    SUBSCRIPTION = 3
    PUBLISHER = 4
    BULK = 5


class Lock(NamedTuple):
    """A lock on a name. Shared locks wait for exclusive ones only."""

    kind: Kind
    name: str
    shared: bool = False

    @property
    def key(self) -> int:
        """The number by which PostgreSQL knows the lock."""
        content = f"{self.kind.name}:{self.name}".encode()
        return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big", signed=True)

    @property
    def statement(self) -> str:
        """The call that waits for the lock; it is released when the transaction ends."""
        return f"SELECT pg_advisory_xact_lock{'_shared' if self.shared else ''}({self.key})"


EVERYTHING = Lock(Kind.DATABASE, "")
"""For imports and upgrades, which concern everybody."""
A_PART = Lock(Kind.DATABASE, "", shared=True)
"""For all others."""


def order(order_id: str) -> Lock:
    """An order and its lines."""
    return Lock(Kind.ORDER, order_id)


def customer(customer_id: str) -> Lock:
    """What a customer buys and has, its carts, and its account with invoices and payments."""
    return Lock(Kind.CUSTOMER, customer_id)


def one_of(customer_id: str) -> Lock:
    """One subscription of a customer: the customer's other subscriptions are written meanwhile, its account is not."""
    return Lock(Kind.CUSTOMER, customer_id, shared=True)


def subscription(subscription_id: str) -> Lock:
    """A subscription with its journal, ledger, usage and outbox."""
    return Lock(Kind.SUBSCRIPTION, subscription_id)


def publisher(publisher_id: str) -> Lock:
    """The requests that a publisher has sent."""
    return Lock(Kind.PUBLISHER, publisher_id)


def bulk(bulk_id: str) -> Lock:
    """A bulk operation and its items."""
    return Lock(Kind.BULK, bulk_id)


def take(connection: Connection, *locks: Lock) -> None:
    """Wait for locks that a transaction needs by what it has read. What it reads afterwards, nobody changes."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(script(locks), execution_options={"no_parameters": True})


def script(locks: tuple[Lock, ...]) -> str:
    """The statements that take the locks in their order."""
    return "; ".join(lock.statement for lock in sorted(locks))
