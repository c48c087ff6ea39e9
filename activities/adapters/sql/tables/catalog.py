"""The tables of the catalog, its customers and partners."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from activities.adapters.sql.columns import ID, WORD, InstantText, JsonText, keys, metadata, optional, required
from domain.catalog.catalog import ListedOffer
from domain.catalog.changes import Changes
from domain.catalog.customers import Customer, Partner
from domain.catalog.publishers import ListedPublisher
from domain.taxes.table import ListedTax

partner = Table("partner", metadata, *keys(id=ID), *required(record=JsonText(Partner)))
"""The resellers, as the catalog's import describes them."""

customer = Table(
    "customer",
    metadata,
    *keys(id=ID),
    Column("partner_id", ID, ForeignKey("partner.id"), nullable=False),
    *required(record=JsonText(Customer)),
    Index(None, "partner_id", "id"),
)
"""The customers (ELG-8)."""

offer = Table(
    "offer",
    metadata,
    *keys(id=ID),
    *required(publisher=WORD, billing_type=WORD, category=WORD, one_per_customer=Boolean),
    *required(record=JsonText(ListedOffer)),
    *optional(vendor=ID),
    Index(None, "publisher", "id"),
    Index(None, "category", "id"),
)
"""What is sold, as of the newest version; the columns are what listings filter by (CAT-2)."""

catalog_version = Table(
    "catalog_version",
    metadata,
    *keys(number=Integer),
    *required(at=InstantText, source=Text, changes=JsonText(Changes)),
    *optional(told_at=InstantText),
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

publisher = Table("publisher", metadata, *keys(id=ID, version=Integer), *required(record=JsonText(ListedPublisher)))
"""The publishers, each with the versions of the catalog that changed it; the newest row counts."""

tax_rate = Table(
    "tax_rate",
    metadata,
    *keys(id=String(80)),
    *required(country=WORD, record=JsonText(ListedTax)),
    Index(None, "country"),
)
"""The table of tax rates, by country and class (MON-13)."""
