"""Bulk operations, and what other systems said of subscriptions. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.columns import optional, required
from activities.adapters.sql.migrations.create import CURRENCY, ID, INSTANT, KEY, WORD, index, table

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the tables, and the column beside the event that takes a subscription over: it is empty for all others."""
    op.add_column("journal", sa.Column("taken_over", sa.Text))
    table(
        "bulk_operation",
        ("id",),
        *required(id=ID, started_at=INSTANT, digest=sa.String(64), request=sa.Text, shown=sa.Text),
        *required(state=WORD, per_second=sa.Integer),
        *optional(reason=sa.Text, ended_at=INSTANT),
    )
    index("bulk_operation", "started_at", "id")
    table(
        "bulk_item",
        ("bulk_id", "position"),
        *required(bulk_id=ID, position=sa.Integer, subject=KEY, status=WORD, message=sa.Text),
        *optional(ask=sa.Text, outcome=WORD, rule=WORD, currency=CURRENCY),
        *optional(credit_minor=sa.BigInteger, charge_minor=sa.BigInteger, at=INSTANT),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_operation.id"], name="fk_bulk_item_bulk_id"),
    )
    index("bulk_item", "bulk_id", "status", "position")
    op.create_index("ix_bulk_item_bulk_id_subject", "bulk_item", ["bulk_id", "subject"], unique=True)
