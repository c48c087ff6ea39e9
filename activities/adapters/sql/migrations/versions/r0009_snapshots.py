"""What a subscription is rebuilt from. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the columns. They stay empty for subscriptions whose first event is recorded already."""
    for name in ("snapshot", "ahead_by"):
        op.add_column("subscription", sa.Column(name, sa.Text))
