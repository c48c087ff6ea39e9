"""What a subscription is rebuilt from, as its last record left it. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column. It stays empty until the subscription's next event is recorded."""
    op.add_column("subscription", sa.Column("snapshot", sa.Text))
