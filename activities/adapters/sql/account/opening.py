"""Open accounts as the books know them."""

from sqlalchemy import Connection, select

from activities.accounts.contracts import AccountOpening, OpenedAccount
from activities.adapters.sql.ledger.openings import open_once
from activities.adapters.sql.tables.account import account, account_event, month_close
from domain.roles import RolePreset
from statemachines.rebuilding.account import BookedAccount, rebuilt_account


def open_account(connection: Connection, opening: AccountOpening) -> OpenedAccount:
    """Open it once, and return it as its journal and its closed months leave it."""
    open_once(connection, opening)
    customer_id = opening.customer_id
    row = connection.execute(select(account).where(account.c.customer_id == customer_id)).one()
    events = select(account_event.c.record).where(account_event.c.customer_id == customer_id)
    closes = select(month_close.c.receipt).where(month_close.c.customer_id == customer_id)
    booked = BookedAccount(
        customer_id=customer_id,
        terms=row.terms,
        roles=RolePreset(row.roles),
        opened_at=row.opened_at,
        events=tuple(connection.scalars(events.order_by(account_event.c.seq))),
        closes=tuple(connection.scalars(closes.order_by(month_close.c.period_end))),
    )
    return OpenedAccount(life=rebuilt_account(booked), ahead_by=row.ahead_by)
