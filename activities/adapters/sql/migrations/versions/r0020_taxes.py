"""Tax rates, and the tax of each invoice and its lines. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.migrations.rebuilt import without_triggers

revision = "0020"
down_revision = "0019"

ACCOUNTS = "account IN ('receivable', 'revenue', 'credit', 'payment', 'opening', 'refund', 'written_off', 'tax')"
TOTALS = (
    "due_minor >= 0 AND settles_minor >= 0 AND carried_out_minor >= 0 "
    "AND (due_minor = 0 OR settles_minor + carried_out_minor = 0) "
    "AND due_minor - settles_minor - carried_out_minor "
    "= charges_minor + tax_charged_minor - credits_minor - tax_credited_minor - carried_in_minor"
)
WATCHED = ("invoice", "posting", "entry")
"""SQLite rebuilds the first two; a trigger of the third reads the second."""


def upgrade() -> None:
    """Add the table of rates, empty, and the tax of invoices: none was calculated before (MON-13)."""
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("country", sa.String(32), nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_index("ix_tax_rate_country", "tax_rate", ["country"])
    op.add_column("ledger_entry", sa.Column("tax_class", sa.String(64)))
    op.add_column("invoice_line", sa.Column("taxes", sa.Text))
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    triggers = without_triggers(WATCHED) if on_sqlite else []
    if not on_sqlite:
        # PostgreSQL does not alter a table whose rows still wait for a deferred check.
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with op.batch_alter_table("invoice") as invoice:
        for name in ("tax_charged_minor", "tax_credited_minor"):
            invoice.add_column(sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
        invoice.add_column(sa.Column("tax", sa.Text))
        invoice.drop_constraint(op.f(_check_of("invoice", "settles_minor")), type_="check")
        invoice.create_check_constraint(op.f("ck_invoice_totals"), TOTALS)
    with op.batch_alter_table("posting") as posting:
        posting.drop_constraint(op.f(_check_of("posting", "written_off")), type_="check")
        posting.create_check_constraint(op.f("ck_posting_account"), ACCOUNTS)
    for trigger in triggers:
        op.execute(trigger)


def _check_of(table: str, words: str) -> str:
    """The name of the table's check that has these words."""
    checks = sa.inspect(op.get_bind()).get_check_constraints(table)
    return next(str(check["name"]) for check in checks if words in check["sqltext"])
