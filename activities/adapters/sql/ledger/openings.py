"""Note how accounts are opened: once, whoever opens them again."""

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from activities.accounts.contracts import AccountOpening
from activities.adapters.sql.tables.account import account

_OPEN = select(account.c.customer_id).where(account.c.customer_id == bindparam("of"))
# Another transaction of PostgreSQL may be quicker. SQLite has one writer at a time.
_WRITE_ONCE = {
    "sqlite": sqlite.insert(account).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(account).on_conflict_do_nothing(),
}


def open_once(connection: Connection, opening: AccountOpening) -> bool:
    """Write how the account is opened, unless it is open; whether it was written."""
    # The trigger of an append-only table on SQLite refuses a second row before it can be left out.
    if connection.scalar(_OPEN, {"of": opening.customer_id}):
        return False
    row = opening.model_dump(exclude={"terms", "roles"}) | {"terms": opening.terms, "roles": opening.roles.value}
    return connection.execute(_WRITE_ONCE[connection.dialect.name], row).rowcount == 1
