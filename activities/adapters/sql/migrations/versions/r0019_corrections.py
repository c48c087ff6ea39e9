"""Corrections of money: what they took off each invoice, and their accounts. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

from activities.adapters.sql.migrations.rebuilt import without_triggers

revision = "0019"
down_revision = "0018"

ACCOUNTS = "account IN ('receivable', 'revenue', 'credit', 'payment', 'opening', 'refund', 'written_off')"
WATCHED = ("posting", "entry")
"""SQLite rebuilds the first; a trigger of the second reads it."""


def upgrade() -> None:
    """Add what credit notes and write-offs took off (MON-10): nothing yet. Two accounts more may be posted to."""
    nothing = sa.Column("corrected_minor", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("invoice_standing", nothing)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    triggers = without_triggers(WATCHED) if on_sqlite else []
    if not on_sqlite:
        # PostgreSQL does not alter a table whose rows still wait for a deferred check.
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    checks = sa.inspect(op.get_bind()).get_check_constraints("posting")
    known = next(check["name"] for check in checks if "opening" in check["sqltext"])
    with op.batch_alter_table("posting") as posting:
        posting.drop_constraint(op.f(str(known)), type_="check")
        posting.create_check_constraint(op.f("ck_posting_account"), ACCOUNTS)
    for trigger in triggers:
        op.execute(trigger)
