"""Invoices of other systems, and their account in the double entry. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

ACCOUNTS = "account IN ('receivable', 'revenue', 'credit', 'payment', 'opening')"
WATCHED = ("invoice", "posting", "entry")
"""SQLite rebuilds the first two; a trigger of the third reads the second."""


def upgrade() -> None:
    """Add the number of the other system. An invoice that has one has no period here, and is in no series of ours."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    triggers = _without_triggers() if on_sqlite else []
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


def _without_triggers() -> list[str]:
    """Drop the triggers of these tables, and return how they are made again."""
    listed = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :names")
    names: sa.BindParameter[list[str]] = sa.bindparam("names", list(WATCHED), expanding=True)
    found = op.get_bind().execute(listed.bindparams(names)).all()
    for trigger in found:
        op.execute(f"DROP TRIGGER {trigger.name}")
    return [trigger.sql for trigger in found]
