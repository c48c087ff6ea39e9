"""The tables of carts, orders and set-up links."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from activities.adapters.sql.columns import ID, WORD, InstantText, JsonText, metadata
from domain.ordering.cart import Cart
from domain.ordering.eligibility import Refusal
from domain.ordering.lines import OrderRequest
from domain.ordering.terms import Order

cart = Table(
    "cart",
    metadata,
    Column("id", ID, primary_key=True),
    Column("customer_id", ID, ForeignKey("customer.id"), nullable=False),
    Column("created_at", InstantText, nullable=False),
    Column("record", JsonText(Cart), nullable=False),
    Index(None, "customer_id", "created_at"),
)
"""Carts, each with its lines (BUY-1)."""

# `order` is a keyword of SQL.
customer_order = Table(
    "customer_order",
    metadata,
    Column("id", ID, primary_key=True),
    # No foreign key: an order for a customer without a record is refused line by line (ELG-8).
    Column("customer_id", ID, nullable=False),
    Column("ordered_at", InstantText, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("request", JsonText(OrderRequest), nullable=False),
    Index(None, "customer_id", "ordered_at"),
    Index(None, "ordered_at", "id"),
)
"""Orders as they were sent. The digest shows whether a second order under the id is the same (BUY-3)."""

order_line = Table(
    "order_line",
    metadata,
    Column("order_id", ID, ForeignKey("customer_order.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    # Null until the line is placed: only a purchase reserves the id.
    Column("subscription_id", ID),
    Column("customer_id", ID, nullable=False),
    Column("offer_id", ID, nullable=False),
    Column("status", WORD, nullable=False),
    Column("purchase", JsonText(Order)),
    Column("refusal", JsonText(Refusal)),
    UniqueConstraint("subscription_id"),
    Index(None, "customer_id", "offer_id"),
    Index(None, "offer_id", "subscription_id"),
)
"""The lines and their status. `purchase` is set when a line is placed: what its subscription starts with."""

setup_token = Table(
    "setup_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    # No foreign key: links are issued as soon as the line is placed.
    Column("subscription_id", ID, nullable=False),
    Column("expires_at", InstantText, nullable=False),
    Index(None, "subscription_id"),
)
"""The hashes of set-up tokens; the tokens themselves are not stored (ISV-3)."""
