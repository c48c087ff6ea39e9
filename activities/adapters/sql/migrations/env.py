"""Run the migrations over the connection, and inside the transaction, of `schema.upgrade`.

A new migration is a file in versions/, written by hand; a test compares the result with the tables.
"""

from alembic import context
from sqlalchemy import Connection, text

from activities.adapters.sql.migrations.byte_order import sort_by_bytes
from activities.adapters.sql.tables import metadata

connection: Connection = context.config.attributes["connection"]
is_postgresql = connection.dialect.name == "postgresql"
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite changes a table by rebuilding it.
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
if is_postgresql:
    # PostgreSQL does not alter a table whose rows still wait for a deferred check.
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    sort_by_bytes(connection, [*metadata.tables, "alembic_version"])
