"""What operators have settled with the books, beside its event. Never change this after its release."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the column, which is empty for all other events."""
    op.add_column("journal", sa.Column("settled", sa.Text))
