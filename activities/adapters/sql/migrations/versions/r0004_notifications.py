"""Deliveries to publishers, and the requests that publishers sent. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.columns import optional, required

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID, WORD, KEY, INSTANT = sa.String(64), sa.String(32), sa.String(200), sa.String(27)


def upgrade() -> None:
    """Create the tables, and give each offer's vendor a column of its own."""
    op.create_table(
        "delivery",
        *required(subscription_id=ID, seq=sa.Integer, publisher=ID, standing=WORD, tries=sa.Integer),
        *optional(first_tried_at=INSTANT, last_tried_at=INSTANT, next_try_at=INSTANT, settled_at=INSTANT),
        *optional(problem=sa.Text),
        sa.PrimaryKeyConstraint("subscription_id", "seq", name="pk_delivery"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name="fk_delivery_subscription_id"),
    )
    op.create_index("ix_delivery_standing_subscription_id", "delivery", ["standing", "subscription_id"])
    op.create_table(
        "publisher_request",
        *required(publisher=ID, request_id=KEY, at=INSTANT),
        sa.PrimaryKeyConstraint("publisher", "request_id", name="pk_publisher_request"),
    )
    op.create_index("ix_publisher_request_at", "publisher_request", ["at"])
    op.add_column("offer", sa.Column("vendor", ID))
    vendor = "json_extract(record, '$.vendor')"
    if op.get_bind().dialect.name != "sqlite":
        vendor = "record::json ->> 'vendor'"
    op.execute(f"UPDATE offer SET vendor = {vendor}")  # noqa: S608 - names of ours
