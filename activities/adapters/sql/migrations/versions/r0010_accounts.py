"""How accounts were opened. Never change this after its release."""

import sqlalchemy as sa

from activities.adapters.sql.columns import required
from activities.adapters.sql.migrations.append_only import append_only
from activities.adapters.sql.migrations.create import ID, INSTANT, WORD, table

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the append-only table. Accounts that are open already get their row when they are opened again."""
    columns = required(customer_id=ID, opened_at=INSTANT, terms=sa.Text, roles=WORD)
    table("account", ("customer_id",), *columns, sa.Column("ahead_by", sa.Text))
    append_only("account", ("customer_id",))
