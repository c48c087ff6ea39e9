"""What should run on the server by the books, for `reconcile`. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns. They stay empty until the subscription's next event is recorded."""
    op.add_column("subscription", sa.Column("invoiced", sa.Boolean))
    op.add_column("subscription", sa.Column("next_at", sa.String(27)))
    op.create_index("ix_subscription_next_at", "subscription", ["next_at"])
