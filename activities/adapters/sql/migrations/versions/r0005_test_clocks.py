"""Which subscriptions have a test clock. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column. Earlier subscriptions, without a value, count as those without a test clock."""
    op.add_column("subscription", sa.Column("test_clock", sa.Boolean))
