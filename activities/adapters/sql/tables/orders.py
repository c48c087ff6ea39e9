"""The tables of carts, orders and set-up links."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from activities.adapters.sql.columns import ID, WORD, InstantText, JsonText, keys, metadata, optional, required
from domain.ordering.cart import Cart
from domain.ordering.eligibility import Refusal
from domain.ordering.lines import OrderRequest
from domain.ordering.terms import Order

cart = Table(
    "cart",
    metadata,
    *keys(id=ID),
    Column("customer_id", ID, ForeignKey("customer.id"), nullable=False),
    *required(created_at=InstantText, record=JsonText(Cart)),
    Index(None, "customer_id", "created_at"),
)
"""Carts, each with its lines (BUY-1)."""

# `order` is a keyword of SQL.
customer_order = Table(
    "customer_order",
    metadata,
    *keys(id=ID),
    # No foreign key: an order for a customer without a record is refused line by line (ELG-8).
    *required(customer_id=ID, ordered_at=InstantText, digest=String(64), request=JsonText(OrderRequest)),
    Index(None, "customer_id", "ordered_at"),
    Index(None, "ordered_at", "id"),
)
"""Orders as they were sent. The digest shows whether a second order under the id is the same (BUY-3)."""

order_line = Table(
    "order_line",
    metadata,
    Column("order_id", ID, ForeignKey("customer_order.id"), primary_key=True),
    *keys(number=Integer),
    # Null until the line is placed: only a purchase reserves the id.
    *optional(subscription_id=ID),
    *required(customer_id=ID, offer_id=ID, status=WORD),
    *optional(purchase=JsonText(Order), refusal=JsonText(Refusal)),
    UniqueConstraint("subscription_id"),
    Index(None, "customer_id", "offer_id"),
    Index(None, "offer_id", "subscription_id"),
)
"""The lines and their status. `purchase` is set when a line is placed: what its subscription starts with."""

setup_token = Table(
    "setup_token",
    metadata,
    *keys(token_hash=String(64)),
    # No foreign key: links are issued as soon as the line is placed.
    *required(subscription_id=ID, expires_at=InstantText),
    Index(None, "subscription_id"),
)
"""The hashes of set-up tokens; the tokens themselves are not stored (ISV-3)."""
