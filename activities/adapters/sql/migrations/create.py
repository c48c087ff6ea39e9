"""Create tables and indexes, their names made the same way in all migrations. Never change this after a release."""

from typing import Any

import sqlalchemy as sa
from alembic import op

ID, WORD, KEY, INSTANT, DECIMAL = sa.String(64), sa.String(32), sa.String(200), sa.String(27), sa.String(48)
CURRENCY = sa.String(3)


def table(name: str, key: tuple[str, ...], *columns: sa.Column[Any] | sa.Constraint) -> None:
    """Create the table with this primary key."""
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))


def index(of: str, *columns: str) -> None:
    """Create an index of the table."""
    op.create_index(f"ix_{of}_{'_'.join(columns)}", of, list(columns))
