"""Renewals that were announced. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add what an event announces (REN-5): the renewal's instant and amount."""
    op.add_column("journal", sa.Column("announces", sa.Text))
