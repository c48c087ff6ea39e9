"""The tables of the catalog, its customers and partners."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from activities.adapters.sql.columns import ID, WORD, InstantText, JsonText, metadata
from domain.catalog.catalog import ListedOffer
from domain.catalog.changes import Changes
from domain.catalog.customers import Customer, Partner

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
"""The customers (ELG-8)."""

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
"""Each import that changed something. `told_at` is when its prices were sent to all subscriptions, null before."""

price_change = Table(
    "price_change",
    metadata,
    Column("version", Integer, ForeignKey("catalog_version.number"), primary_key=True),
    Column("offer_id", ID, ForeignKey("offer.id"), primary_key=True),
    Index(None, "offer_id"),
)
"""The offers whose prices a version changed; their subscriptions get the new prices (BUY-5)."""
