"""Deliveries to publishers, and the requests that publishers sent. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.columns import optional, required
from activities.adapters.sql.migrations.create import ID, INSTANT, KEY, WORD, index, table

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables, and give each offer's vendor a column of its own."""
    table(
        "delivery",
        ("subscription_id", "seq"),
        *required(subscription_id=ID, seq=sa.Integer, publisher=ID, standing=WORD, tries=sa.Integer),
        *optional(first_tried_at=INSTANT, last_tried_at=INSTANT, next_try_at=INSTANT, settled_at=INSTANT),
        *optional(problem=sa.Text),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name="fk_delivery_subscription_id"),
    )
    index("delivery", "standing", "subscription_id")
    table("publisher_request", ("publisher", "request_id"), *required(publisher=ID, request_id=KEY, at=INSTANT))
    index("publisher_request", "at")
    op.add_column("offer", sa.Column("vendor", ID))
    vendor = "json_extract(record, '$.vendor')"
    if op.get_bind().dialect.name != "sqlite":
        vendor = "record::json ->> 'vendor'"
    op.execute(f"UPDATE offer SET vendor = {vendor}")  # noqa: S608 - names of ours
