"""The subscriptions that an invoice of another system charges: those whose rows name it (MOV-6)."""

from typing import Any

from sqlalchemy import Connection, select

from activities.adapters.sql.tables.subscription import journal, subscription
from domain.account.openings import taken_over_id
from domain.roles import Party
from domain.subscription.holds import Reason


def charged_there(connection: Connection, customer_id: str, invoice_id: str) -> list[str]:
    """Those that it charges, by the rows that they were taken over by."""
    return sorted(_naming(connection, customer_id, invoice_id))


def held_there(connection: Connection, customer_id: str, invoice_id: str) -> list[str]:
    """Those of them that an account had suspended for nonpayment then (MON-9)."""
    found = _naming(connection, customer_id, invoice_id).items()
    return sorted(key for key, row in found if any(map(_by_an_account, row.get("holds", ()))))


def _by_an_account(hold: dict[str, Any]) -> bool:
    return hold["reason"] == Reason.NONPAYMENT and hold.get("by") == Party.SYSTEM


def _naming(connection: Connection, customer_id: str, invoice_id: str) -> dict[str, dict[str, Any]]:
    of_customer = select(subscription.c.id).where(subscription.c.customer_id == customer_id)
    first = select(journal.c.subscription_id, journal.c.taken_over).where(
        journal.c.subscription_id.in_(of_customer), journal.c.seq == 1, journal.c.taken_over.is_not(None)
    )
    rows = {row.subscription_id: row.taken_over.row for row in connection.execute(first)}
    return {
        key: row
        for key, row in rows.items()
        if any(taken_over_id(customer_id, each["number"]) == invoice_id for each in row.get("open_invoices", ()))
    }
