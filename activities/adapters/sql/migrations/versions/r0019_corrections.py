"""Corrections of money: what they took off each invoice, and their accounts. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

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
    triggers = _without_triggers() if on_sqlite else []
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


def _without_triggers() -> list[str]:
    """Drop the triggers of these tables, and return how they are made again."""
    listed = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :names")
    names: sa.BindParameter[list[str]] = sa.bindparam("names", list(WATCHED), expanding=True)
    found = op.get_bind().execute(listed.bindparams(names)).all()
    for trigger in found:
        op.execute(f"DROP TRIGGER {trigger.name}")
    return [trigger.sql for trigger in found]
