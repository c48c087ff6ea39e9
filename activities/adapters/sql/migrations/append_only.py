"""Triggers by which the database itself keeps a table append-only."""

from alembic import op


def append_only(table: str, *keys: tuple[str, ...]) -> None:
    """Refuse UPDATE and DELETE, and the INSERT OR REPLACE that would be both, for each unique key."""
    dialect = op.get_bind().dialect.name
    if dialect != "sqlite":
        raise ValueError(f"{table} must be append-only: write its triggers for {dialect} here")
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    _create(f"{table}_no_update", f"BEFORE UPDATE ON {table}", refuse)
    _create(f"{table}_no_delete", f"BEFORE DELETE ON {table}", refuse)
    for key in keys:
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours
        _create(f"{table}_no_replace_of_{key[-1]}", f"BEFORE INSERT ON {table} WHEN {there}", refuse)


def _create(name: str, when: str, refuse: str) -> None:
    op.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {when} {refuse}")
