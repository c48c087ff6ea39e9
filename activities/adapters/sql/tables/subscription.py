"""The tables of subscriptions. A change here needs a step in migrations/versions; a test compares the two.

Instants are UTC text to the microsecond, amounts whole minor units of the row's currency, and quantities,
units and prices exact decimals as text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from activities.adapters.sql.columns import (
    ID,
    KEY,
    WORD,
    DecimalText,
    InstantText,
    JsonText,
    _of_subscription,
    metadata,
)
from domain.catalog.offers import PinnedOffer
from domain.subscription.effects import Receipt
from domain.subscription.events import Facts
from domain.subscription.ledger import UsageCharge

ADD_ONS = dict[str, int]
USAGE_CHARGES = tuple[UsageCharge, ...]

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
"""The read model: each subscription after its last event."""

decision = Table(
    "decision",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("receipt", JsonText(Receipt), nullable=False),
)
"""What was recorded under which key, so that recording it again changes nothing (MON-2)."""

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
"""What happened (ROL-3). Append-only. `usage` holds the charges whose units were counted from table `usage`."""

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
"""Charges and credits (MON-2). Append-only. `position` is the row's place within its event, metered rows first."""

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
"""Keys that one subscription can hold at a time or, if permanent, ever (ELG-1, TRI-4)."""

access_change = Table(
    "access_change",
    metadata,
    _of_subscription(primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("access", WORD, nullable=False),
    Column("at", InstantText, nullable=False),
    Column("confirmed_at", InstantText, nullable=False),
)
"""Changes of users' access: decided as of `at`, confirmed at `confirmed_at` by the tenant service's clock."""
