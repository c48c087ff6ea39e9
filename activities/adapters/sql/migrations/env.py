"""How Alembic runs the steps: over the connection, and inside the transaction, that `schema.upgrade` gives it.

A new step is a file in versions/, written by hand; a test compares what they make with the tables.
"""

from alembic import context

import activities.adapters.sql.account_tables  # noqa: F401 - its tables belong to the same metadata
from activities.adapters.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by building it anew.
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
