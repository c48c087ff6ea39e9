"""What the books hold where an account wants to write something else, or to correct something (REP-1, MON-10)."""

from sqlalchemy import Connection, select

from activities.accounts.contracts import AccountRecordInput, AskedCorrection
from activities.adapters.sql.account.reader import events_of, head_of
from activities.adapters.sql.tables.account import account, invoice, payment
from activities.errors import one_line
from domain.account.account import Payment
from domain.account.events import AccountEvent
from domain.account.held import HeldAccount
from domain.account.invoice import InvoiceHead
from domain.account.recalled import Recalled
from domain.account.terms import BillingTerms, terms_of
from domain.conflict import compared
from domain.money import from_minor
from domain.policy import DEFAULT_PACK
from statemachines.account.recalling import recalled
from statemachines.conflicts.account import content_of_account, held_account


def held(connection: Connection, entry: AccountRecordInput) -> HeldAccount | None:
    """The account's journal from the record's first event on, or else its payment; None if the books hold neither."""
    customer_id, wanted = entry.customer_id, entry.record.events
    first, its = wanted[0].seq, content_of_account(wanted)
    try:
        events = events_of(connection, customer_id)
        heads = _heads(connection, customer_id)
    except (ValueError, ArithmeticError) as error:
        unreadable = {f"{first} event": one_line(f"cannot be read: {error}")}
        return HeldAccount(fields=compared(its, unreadable), readable=False)
    known = _payments(connection, customer_id, wanted)
    last = events[-1].seq if events else 0
    if last < first - 1 or (last == first - 1 and not known):
        return None
    told = {event.payment_id for event in events}
    untold = [each for each in known if each.payment_id not in told]
    return held_account(_opened(connection, customer_id), heads, events, untold, wanted)


def recall(connection: Connection, asked: AskedCorrection) -> Recalled:
    """What the books have of what the correction names (MON-10)."""
    heads = {head.invoice: head for head in _heads(connection, asked.customer_id)}
    opened, events = _opened(connection, asked.customer_id), events_of(connection, asked.customer_id)
    return recalled(asked.request, opened, heads, events)


def _opened(connection: Connection, customer_id: str) -> BillingTerms:
    found: BillingTerms | None = connection.scalar(select(account.c.terms).where(account.c.customer_id == customer_id))
    return found or terms_of(DEFAULT_PACK)


def _heads(connection: Connection, customer_id: str) -> list[InvoiceHead]:
    of_customer = select(invoice).where(invoice.c.customer_id == customer_id)
    return [head_of(row) for row in connection.execute(of_customer).mappings()]


def _payments(connection: Connection, customer_id: str, wanted: tuple[AccountEvent, ...]) -> list[Payment]:
    """The payments in the books with the ids that these events want to record."""
    ids = [event.payment_id for event in wanted if event.payment_id]
    found = select(payment).where(payment.c.customer_id == customer_id, payment.c.payment_id.in_(ids))
    return [
        Payment(
            payment_id=row["payment_id"],
            amount=from_minor(row["amount_minor"], row["currency"]),
            currency=row["currency"],
        )
        for row in connection.execute(found).mappings()
    ]
