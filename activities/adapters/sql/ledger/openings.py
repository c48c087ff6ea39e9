"""Note how accounts are opened: once, whoever opens them again."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from activities.accounts.contracts import AccountOpening
from activities.adapters.sql.tables.account import account


def open_once(connection: Connection, opening: AccountOpening) -> bool:
    """Write how the account is opened, unless it is open; whether it was written."""
    if connection.scalar(select(account.c.customer_id).where(account.c.customer_id == opening.customer_id)):
        return False
    row = opening.model_dump(exclude={"terms", "roles"}) | {"terms": opening.terms, "roles": opening.roles.value}
    # Another transaction of PostgreSQL may be quicker. SQLite has one writer at a time.
    insert = sqlite.insert(account) if connection.dialect.name == "sqlite" else postgresql.insert(account)
    return connection.execute(insert.values(row).on_conflict_do_nothing()).rowcount == 1
