"""The publishers to notify, with all their versions. Never change this after its release."""

import sqlalchemy as sa

from activities.adapters.sql.columns import required
from activities.adapters.sql.migrations.append_only import append_only
from activities.adapters.sql.migrations.create import ID, table

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the append-only table."""
    table("publisher", ("id", "version"), *required(id=ID, version=sa.Integer, record=sa.Text))
    append_only("publisher", ("id", "version"))
