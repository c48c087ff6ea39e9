"""Usage reports that correct others. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the id of the corrected report, which has one correction at most, and the units that are replaced."""
    op.add_column("usage", sa.Column("corrects", sa.String(64)))
    op.add_column("usage", sa.Column("replaced", sa.String(48), nullable=False, server_default="0"))
    op.create_index("ix_usage_subscription_id_corrects", "usage", ["subscription_id", "corrects"], unique=True)
