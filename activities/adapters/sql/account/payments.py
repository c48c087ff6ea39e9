"""Payments received, once for each id (MON-6)."""

from sqlalchemy import Connection, insert, select

from activities.accounts.contracts import AskedPayment
from activities.adapters.sql.ledger import double_entry
from activities.adapters.sql.tables.account import payment
from activities.errors import BooksConflict
from domain.account.account import Payment
from domain.account.events import AccountEvent
from domain.money import from_minor, to_minor


def take(connection: Connection, customer_id: str, event: AccountEvent) -> None:
    """Record the payment that the event received, once for its id. Raises BooksConflict."""
    assert event.payment_id
    assert event.currency
    assert event.amount is not None
    assert event.credited is not None
    _refuse_known(connection, customer_id, event.payment_id)
    connection.execute(
        insert(payment).values(
            customer_id=customer_id,
            payment_id=event.payment_id,
            seq=event.seq,
            at=event.at,
            currency=event.currency,
            amount_minor=to_minor(event.amount, event.currency),
        )
    )
    parts = [to_minor(part.amount, event.currency) for part in event.allocations]
    credited = to_minor(event.credited, event.currency)
    double_entry.enter_payment(
        connection, customer_id, event.payment_id, event.at, event.currency, allocated=sum(parts), credited=credited
    )


def payment_of(connection: Connection, asked: AskedPayment) -> Payment | None:
    """The recorded payment of that id (MON-7)."""
    of_it = (payment.c.customer_id == asked.customer_id) & (payment.c.payment_id == asked.payment_id)
    row = connection.execute(select(payment.c.currency, payment.c.amount_minor).where(of_it)).one_or_none()
    if row is None:
        return None
    amount = from_minor(row.amount_minor, row.currency)
    return Payment(payment_id=asked.payment_id, amount=amount, currency=row.currency)


def _refuse_known(connection: Connection, customer_id: str, payment_id: str) -> None:
    known = (payment.c.customer_id == customer_id) & (payment.c.payment_id == payment_id)
    seq = connection.scalar(select(payment.c.seq).where(known))
    if seq is not None:
        raise BooksConflict(f"Payment {payment_id} of {customer_id} was already recorded by event {seq}.")
