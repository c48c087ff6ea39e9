"""Catalog, customers, carts, orders and set-up links. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

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
        sa.Column("id", ID, nullable=False),
        sa.Column("partner_id", ID, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name="fk_customer_partner_id"),
    )
    _index("customer", "partner_id", "id")
    _create(
        "offer",
        ("id",),
        sa.Column("id", ID, nullable=False),
        sa.Column("publisher", WORD, nullable=False),
        sa.Column("billing_type", WORD, nullable=False),
        sa.Column("category", WORD, nullable=False),
        sa.Column("one_per_customer", sa.Boolean, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    _index("offer", "publisher", "id")
    _index("offer", "category", "id")
    _create(
        "catalog_version",
        ("number",),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("changes", sa.Text, nullable=False),
        sa.Column("told_at", INSTANT),
    )
    _create(
        "price_change",
        ("version", "offer_id"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("offer_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["version"], ["catalog_version.number"], name="fk_price_change_version"),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name="fk_price_change_offer_id"),
    )
    _index("price_change", "offer_id")
    _create(
        "cart",
        ("id",),
        sa.Column("id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_cart_customer_id"),
    )
    _index("cart", "customer_id", "created_at")
    _create(
        "customer_order",
        ("id",),
        sa.Column("id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
    )
    _index("customer_order", "customer_id", "ordered_at")
    _index("customer_order", "ordered_at", "id")
    _create(
        "order_line",
        ("order_id", "number"),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("subscription_id", ID),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("offer_id", ID, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("purchase", sa.Text),
        sa.Column("refusal", sa.Text),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], name="fk_order_line_order_id"),
        sa.UniqueConstraint("subscription_id", name="uq_order_line_subscription_id"),
    )
    _index("order_line", "customer_id", "offer_id")
    _index("order_line", "offer_id", "subscription_id")
    _create(
        "setup_token",
        ("token_hash",),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    _index("setup_token", "subscription_id")


def _create(table: str, key: tuple[str, ...], *columns: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(table, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
