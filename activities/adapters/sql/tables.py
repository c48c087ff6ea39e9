"""The tables of the books. A change here needs a step in migrations/versions; a test compares the two.

Instants are UTC text to the microsecond, amounts whole minor units of the row's currency, and quantities,
units and prices exact decimals as text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from activities.adapters.sql.columns import DecimalText, InstantText, JsonText
from activities.contracts import Notice
from domain.cart import Cart
from domain.catalog import ListedOffer
from domain.catalog_changes import Changes
from domain.customers import Customer, Partner
from domain.effects import Receipt
from domain.eligibility import Refusal
from domain.events import Facts
from domain.ledger import UsageCharge
from domain.lines import OrderRequest
from domain.offers import PinnedOffer
from domain.order import Order

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ID, WORD, KEY = String(64), String(32), String(200)
ADD_ONS = dict[str, int]
USAGE_CHARGES = tuple[UsageCharge, ...]


def _of_subscription(*, primary_key: bool = False) -> Column[str]:
    return Column("subscription_id", ID, ForeignKey("subscription.id"), primary_key=primary_key, nullable=False)


subscription = Table(
    "subscription",
    metadata,
    Column("id", ID, primary_key=True),
    Column("customer_id", ID, nullable=False),
    Column("offer_id", ID, nullable=False),
    Column("publisher", WORD, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("policy", ID, nullable=False),
    Column("ordered_at", InstantText, nullable=False),
    Column("offer", JsonText(PinnedOffer), nullable=False),
    Column("state", WORD, nullable=False),
    Column("auto_renew", Boolean, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("add_ons", JsonText(ADD_ONS), nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("last_at", InstantText, nullable=False),
    Index(None, "customer_id", "id"),
    Index(None, "offer_id", "id"),
    Index(None, "state", "id"),
)
"""The read model: each life as its journal left it."""

decision = Table(
    "decision",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("receipt", JsonText(Receipt), nullable=False),
)
"""What was recorded under which key, so that again is once (MON-2)."""

journal = Table(
    "journal",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", InstantText, nullable=False),
    Column("event", WORD, nullable=False),
    Column("state", WORD, nullable=False),
    Column("rule", WORD, nullable=False),
    Column("by", ID, nullable=False),
    Column("actor", ID),
    Column("reason", WORD),
    Column("details", Text),
    Column("command_id", ID),
    Column("before", JsonText(Facts), nullable=False),
    Column("after", JsonText(Facts), nullable=False),
    Column("usage", JsonText(USAGE_CHARGES), nullable=False),
)
"""What happened (ROL-3). Append-only; `usage` are the charges whose units the usage book counted."""

ledger_entry = Table(
    "ledger_entry",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("metered", Boolean, nullable=False),
    Column("at", InstantText, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("line", ID, nullable=False),
    Column("quantity", DecimalText, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("period_start", InstantText, nullable=False),
    Column("period_end", InstantText, nullable=False),
    Column("key", KEY, nullable=False),
    UniqueConstraint("subscription_id", "key"),
    Index(None, "subscription_id", "at"),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("kind IN ('charge', 'credit')", name="kind"),
)
"""The money (MON-2). Append-only; `position` is the row's place within its event, metered rows first."""

usage = Table(
    "usage",
    metadata,
    _of_subscription(primary_key=True),
    Column("usage_id", ID, primary_key=True),
    Column("used_at", InstantText, nullable=False),
    Column("units", DecimalText, nullable=False),
    Column("billed_by", Integer),
    Index(None, "subscription_id", "billed_by", "used_at"),
)
"""Usage reports; `billed_by` is the seq of the event whose charge counted it (SUS-10)."""

claim = Table(
    "claim",
    metadata,
    Column("key", KEY, primary_key=True),
    # No foreign key: a claim is taken before the purchase is recorded.
    Column("subscription_id", ID, nullable=False),
    Column("permanent", Boolean, nullable=False),
    Index(None, "subscription_id"),
)
"""What only one subscription can hold at a time, or, permanent, ever (ELG-1, TRI-4)."""

outbox = Table(
    "outbox",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", InstantText, nullable=False),
    Column("event", WORD, nullable=False),
    Column("payload", JsonText(Notice), nullable=False),
)
"""What publishers are to be told, in order (invariant 13)."""

delivery = Table(
    "delivery",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("publisher", ID, nullable=False),
    Column("standing", WORD, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("first_tried_at", InstantText),
    Column("last_tried_at", InstantText),
    Column("next_try_at", InstantText),
    Column("settled_at", InstantText),
    Column("problem", Text),
    Index(None, "standing", "subscription_id"),
)
"""How far the telling has come: a row for each event of the outbox that a publisher was told, or tried to be told."""

publisher_request = Table(
    "publisher_request",
    metadata,
    Column("publisher", ID, primary_key=True),
    Column("request_id", KEY, primary_key=True),
    Column("at", InstantText, nullable=False),
    Index(None, "at"),
)
"""The signed requests that publishers have sent us lately: each is taken once."""

access_change = Table(
    "access_change",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("access", WORD, nullable=False),
    Column("at", InstantText, nullable=False),
    Column("confirmed_at", InstantText, nullable=False),
)
"""What was done to the users' access: as of `at`, confirmed by the tenant's own clock at `confirmed_at`."""

partner = Table(
    "partner",
    metadata,
    Column("id", ID, primary_key=True),
    Column("record", JsonText(Partner), nullable=False),
)
"""The resellers, as the catalog's import describes them."""

customer = Table(
    "customer",
    metadata,
    Column("id", ID, primary_key=True),
    Column("partner_id", ID, ForeignKey("partner.id"), nullable=False),
    Column("record", JsonText(Customer), nullable=False),
    Index(None, "partner_id", "id"),
)
"""Who buys (ELG-8)."""

offer = Table(
    "offer",
    metadata,
    Column("id", ID, primary_key=True),
    Column("publisher", WORD, nullable=False),
    Column("billing_type", WORD, nullable=False),
    Column("category", WORD, nullable=False),
    Column("one_per_customer", Boolean, nullable=False),
    Column("record", JsonText(ListedOffer), nullable=False),
    Column("vendor", ID),
    Index(None, "publisher", "id"),
    Index(None, "category", "id"),
)
"""What is sold, as of the newest version; the columns are what listings filter by (CAT-2)."""

catalog_version = Table(
    "catalog_version",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", InstantText, nullable=False),
    Column("source", Text, nullable=False),
    Column("changes", JsonText(Changes), nullable=False),
    Column("told_at", InstantText),
)
"""Each import that changed something, and when all subscriptions had been told its prices. Null: not yet."""

price_change = Table(
    "price_change",
    metadata,
    Column("version", Integer, ForeignKey("catalog_version.number"), primary_key=True),
    Column("offer_id", ID, ForeignKey("offer.id"), primary_key=True),
    Index(None, "offer_id"),
)
"""Which offers' prices a version changed: their subscriptions are to be told (BUY-5)."""

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

# `order` is a word of SQL's own.
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
"""Orders as they were sent; the digest tells the same order from another under its id (BUY-3)."""

order_line = Table(
    "order_line",
    metadata,
    Column("order_id", ID, ForeignKey("customer_order.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    # Null until the line is placed: an id belongs to a purchase, not to the wish for one.
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
"""How far each line has come; `purchase` is what its subscription begins with, once it is placed."""

setup_token = Table(
    "setup_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    # No foreign key: the link is given as soon as the line is placed.
    Column("subscription_id", ID, nullable=False),
    Column("expires_at", InstantText, nullable=False),
    Index(None, "subscription_id"),
)
"""The tokens of set-up links: never the token itself (ISV-3)."""
