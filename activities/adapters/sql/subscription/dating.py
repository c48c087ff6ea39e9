"""Refuses records with a date that cannot be right (TIM-5, invariant 16)."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select

from activities.adapters.sql.tables.orders import order_line
from activities.billing.contracts import RecordInput
from activities.errors import BooksConflict, DatedAhead
from domain.ordering.terms import Order
from domain.values import CLOCK_SKEW, format_instant

_PLACED = select(order_line.c.purchase).where(order_line.c.subscription_id == bindparam("of"))


def refuse_ahead(connection: Connection, what: str, at: datetime, latest: datetime) -> None:
    """Raise DatedAhead if the instant is after `latest`, the worker's clock, and after the database's too."""
    if at <= latest:
        return
    if connection.dialect.name == "postgresql":
        latest = max(latest, connection.scalars(select(func.clock_timestamp())).one() + CLOCK_SKEW)
    if at > latest:
        words = f"{what} is dated {format_instant(at)}, after the clock of worker and database"
        raise DatedAhead(f"{words} ({format_instant(latest - CLOCK_SKEW)}). Nothing is written before its time.")


def refuse_other_placement(connection: Connection, entry: RecordInput) -> None:
    """Raise BooksConflict if the subscription is not that of an order's line, but says so, or the other way round.

    The record is the first one.
    """
    assert entry.about is not None
    subscription_id, ordered_at = entry.subscription_id, entry.about.ordered_at
    placed: Order | None = connection.scalar(_PLACED, {"of": subscription_id})
    if placed is None and entry.placed:
        raise BooksConflict(f"No order has placed subscription {subscription_id}: buy it by an order.")
    if placed is not None and not entry.placed:
        raise BooksConflict(f"Subscription {subscription_id} belongs to an order, which starts it by itself.")
    if placed is not None and placed.at != ordered_at:
        words = f"Subscription {subscription_id} was placed at {format_instant(placed.at)}"
        raise BooksConflict(f"{words}, not at {format_instant(ordered_at)}.")
