"""What the credit of invoices pays on earlier ones (MON-5). Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.migrations.append_only import append_only

revision = "0012"
down_revision = "0011"

TOTALS = (
    "due_minor >= 0 AND settles_minor >= 0 AND carried_out_minor >= 0 "
    "AND (due_minor = 0 OR settles_minor + carried_out_minor = 0) "
    "AND due_minor - settles_minor - carried_out_minor = charges_minor - credits_minor - carried_in_minor"
)


def upgrade() -> None:
    """Add the columns; the invoices that are there have settled nothing."""
    nothing = sa.Column("settled_minor", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("invoice_standing", nothing)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("invoice") as invoice:
        invoice.add_column(sa.Column("settles_minor", sa.BigInteger, nullable=False, server_default="0"))
        invoice.add_column(sa.Column("settles", sa.Text, nullable=False, server_default="[]"))
        if not on_sqlite:
            invoice.drop_constraint("ck_invoice_totals", type_="check")
        invoice.create_check_constraint("ck_invoice_totals", TOTALS)
    if on_sqlite:
        # SQLite has rebuilt the table: the old constraint and the triggers are gone.
        append_only("invoice", ("id",), ("series", "number"), ("customer_id", "currency", "period_end"))
