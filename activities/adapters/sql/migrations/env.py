"""How Alembic runs the steps: over the connection, and inside the transaction, that `schema.upgrade` gives it.

A new step is a file in versions/, written by hand; a test compares what they make with the tables.
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
    # SQLite changes a table by building it anew.
    render_as_batch=True,
    transactional_ddl=True,
)
if is_postgresql:
    # A step takes as long as its table is large.
    connection.execute(text("SET LOCAL statement_timeout = 0"))
context.run_migrations()
if is_postgresql:
    # A table whose rows still wait for their check is not altered.
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    sort_by_bytes(connection, [*metadata.tables, "alembic_version"])
