"""Invoices of other systems, and their account in the double entry. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.migrations.rebuilt import without_triggers

revision = "0017"
down_revision = "0016"

ACCOUNTS = "account IN ('receivable', 'revenue', 'credit', 'payment', 'opening')"
WATCHED = ("invoice", "posting", "entry")
"""SQLite rebuilds the first two; a trigger of the third reads the second."""


def upgrade() -> None:
    """Add the number of the other system. An invoice that has one has no period here, and is in no series of ours."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    triggers = without_triggers(WATCHED) if on_sqlite else []
    if not on_sqlite:
        # PostgreSQL does not alter a table whose rows still wait for a deferred check.
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with op.batch_alter_table("invoice") as invoice:
        invoice.add_column(sa.Column("taken_over", sa.String(80)))
        for name in ("period_start", "period_end"):
            invoice.alter_column(name, existing_type=sa.String(27), nullable=True)
        invoice.drop_constraint("fk_invoice_series", type_="foreignkey")
        invoice.create_check_constraint("ck_invoice_taken_over", "(period_end IS NULL) = (taken_over IS NOT NULL)")
    with op.batch_alter_table("posting") as posting:
        posting.drop_constraint("ck_posting_account", type_="check")
        posting.create_check_constraint("ck_posting_account", ACCOUNTS)
    for trigger in triggers:
        op.execute(trigger)
