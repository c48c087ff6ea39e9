"""Catalog, customers, carts, orders and set-up links. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.columns import optional, required

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID, WORD, INSTANT = sa.String(64), sa.String(32), sa.String(27)


def upgrade() -> None:
    """Create the tables that a purchase needs."""
    _create("partner", ("id",), sa.Column("id", ID, nullable=False), sa.Column("record", sa.Text, nullable=False))
    _create(
        "customer",
        ("id",),
        *required(id=ID, partner_id=ID, record=sa.Text),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name="fk_customer_partner_id"),
    )
    _index("customer", "partner_id", "id")
    _create(
        "offer",
        ("id",),
        *required(id=ID, publisher=WORD, billing_type=WORD, category=WORD, one_per_customer=sa.Boolean),
        *required(record=sa.Text),
    )
    _index("offer", "publisher", "id")
    _index("offer", "category", "id")
    _create(
        "catalog_version",
        ("number",),
        *required(number=sa.Integer, at=INSTANT, source=sa.Text, changes=sa.Text),
        *optional(told_at=INSTANT),
    )
    _create(
        "price_change",
        ("version", "offer_id"),
        *required(version=sa.Integer, offer_id=ID),
        sa.ForeignKeyConstraint(["version"], ["catalog_version.number"], name="fk_price_change_version"),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name="fk_price_change_offer_id"),
    )
    _index("price_change", "offer_id")
    _create(
        "cart",
        ("id",),
        *required(id=ID, customer_id=ID, created_at=INSTANT, record=sa.Text),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_cart_customer_id"),
    )
    _index("cart", "customer_id", "created_at")
    _create(
        "customer_order",
        ("id",),
        *required(id=ID, customer_id=ID, ordered_at=INSTANT, digest=sa.String(64), request=sa.Text),
    )
    _index("customer_order", "customer_id", "ordered_at")
    _index("customer_order", "ordered_at", "id")
    _create(
        "order_line",
        ("order_id", "number"),
        *required(order_id=ID, number=sa.Integer),
        *optional(subscription_id=ID),
        *required(customer_id=ID, offer_id=ID, status=WORD),
        *optional(purchase=sa.Text, refusal=sa.Text),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name="fk_order_line_order_id"),
        sa.UniqueConstraint("subscription_id", name="uq_order_line_subscription_id"),
    )
    _index("order_line", "customer_id", "offer_id")
    _index("order_line", "offer_id", "subscription_id")
    _create(
        "setup_token",
        ("token_hash",),
        *required(token_hash=sa.String(64), subscription_id=ID, expires_at=INSTANT),
    )
    _index("setup_token", "subscription_id")


def _create(table: str, key: tuple[str, ...], *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(table, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
