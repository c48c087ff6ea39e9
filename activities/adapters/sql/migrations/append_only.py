"""Append-only tables: the database itself refuses to change or remove rows.

Never change this after a release: the migrations that call it have run already.
"""

from alembic import op

_REFUSE = "refuse_change_of_append_only"


def append_only(table: str, *keys: tuple[str, ...]) -> None:
    """Refuse UPDATE and DELETE, and also TRUNCATE (PostgreSQL) and INSERT OR REPLACE (SQLite).

    `keys` are the table's primary key and its unique keys, each with all of its columns. Call it once per table, in
    the migration that creates it.
    """
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql(table)
    else:
        _on_sqlite(table, keys)


def _on_sqlite(table: str, keys: tuple[tuple[str, ...], ...]) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    triggers = {
        f"{table}_no_update": f"BEFORE UPDATE ON {table}",
        f"{table}_no_delete": f"BEFORE DELETE ON {table}",
    }
    for key in keys:
        # REPLACE removes the row with the same key without firing the DELETE trigger.
        same = " AND ".join(f"{column} = NEW.{column}" for column in key)
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of ours
        triggers[f"{table}_no_replace_of_{key[-1]}"] = f"BEFORE INSERT ON {table} WHEN {exists}"
    for name, when in triggers.items():
        op.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {when} {refuse}")


def _on_postgresql(table: str) -> None:
    # FOR EACH STATEMENT: TRUNCATE has no rows, and ON CONFLICT DO UPDATE counts as UPDATE even without a conflict. The
    # error code is that of a violated constraint, as on SQLite.
    op.execute(
        f"CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        "'% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for change in ("update", "delete", "truncate"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_REFUSE}()"
        )
