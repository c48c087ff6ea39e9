"""Catalog, customers, carts, orders and set-up links. Never change this after its release."""

import sqlalchemy as sa

from activities.adapters.sql.columns import optional, required
from activities.adapters.sql.migrations.create import ID, INSTANT, WORD, index, table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables that a purchase needs."""
    table("partner", ("id",), *required(id=ID, record=sa.Text))
    table(
        "customer",
        ("id",),
        *required(id=ID, partner_id=ID, record=sa.Text),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name="fk_customer_partner_id"),
    )
    index("customer", "partner_id", "id")
    table(
        "offer",
        ("id",),
        *required(id=ID, publisher=WORD, billing_type=WORD, category=WORD, one_per_customer=sa.Boolean),
        *required(record=sa.Text),
    )
    index("offer", "publisher", "id")
    index("offer", "category", "id")
    table(
        "catalog_version",
        ("number",),
        *required(number=sa.Integer, at=INSTANT, source=sa.Text, changes=sa.Text),
        *optional(told_at=INSTANT),
    )
    table(
        "price_change",
        ("version", "offer_id"),
        *required(version=sa.Integer, offer_id=ID),
        sa.ForeignKeyConstraint(["version"], ["catalog_version.number"], name="fk_price_change_version"),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name="fk_price_change_offer_id"),
    )
    index("price_change", "offer_id")
    table(
        "cart",
        ("id",),
        *required(id=ID, customer_id=ID, created_at=INSTANT, record=sa.Text),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_cart_customer_id"),
    )
    index("cart", "customer_id", "created_at")
    table(
        "customer_order",
        ("id",),
        *required(id=ID, customer_id=ID, ordered_at=INSTANT, digest=sa.String(64), request=sa.Text),
    )
    index("customer_order", "customer_id", "ordered_at")
    index("customer_order", "ordered_at", "id")
    table(
        "order_line",
        ("order_id", "number"),
        *required(order_id=ID, number=sa.Integer),
        *optional(subscription_id=ID),
        *required(customer_id=ID, offer_id=ID, status=WORD),
        *optional(purchase=sa.Text, refusal=sa.Text),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name="fk_order_line_order_id"),
        sa.UniqueConstraint("subscription_id", name="uq_order_line_subscription_id"),
    )
    index("order_line", "customer_id", "offer_id")
    index("order_line", "offer_id", "subscription_id")
    table("setup_token", ("token_hash",), *required(token_hash=sa.String(64), subscription_id=ID, expires_at=INSTANT))
    index("setup_token", "subscription_id")
