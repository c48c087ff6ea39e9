"""Tables that SQLite rebuilds: their triggers, and those that read them, stand in its way meanwhile."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


def without_triggers(tables: Sequence[str]) -> list[str]:
    """Drop the triggers of these tables, and return how they are made again."""
    listed = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN :names")
    names: sa.BindParameter[list[str]] = sa.bindparam("names", list(tables), expanding=True)
    found = op.get_bind().execute(listed.bindparams(names)).all()
    for trigger in found:
        op.execute(f"DROP TRIGGER {trigger.name}")
    return [trigger.sql for trigger in found]
