"""The numbers of credit notes (MON-10)."""

from collections.abc import Collection

from sqlalchemy import Connection, RowMapping, insert, select

from activities.accounts.contracts import IssuedNote, NumberedNote
from activities.adapters.sql.account import series
from activities.adapters.sql.tables.account import account_event, credit_note, credit_note_series
from activities.errors import BooksConflict
from domain.account.invoice import credit_note_id

_ISSUED = select(credit_note, account_event.c.record).join(
    account_event,
    (account_event.c.customer_id == credit_note.c.customer_id) & (account_event.c.seq == credit_note.c.seq),
)


def number_note(connection: Connection, customer_id: str, seq: int) -> None:
    """Give the credit note that this event of the account issues the next number."""
    its = series.series_of(connection, customer_id)
    number = series.last_number(connection, credit_note_series, its) + 1
    _write(connection, customer_id, seq, its, number)


def number_again(connection: Connection, customer_id: str, note: NumberedNote) -> None:
    """Give a credit note the number that other books have given it. Raises BooksConflict where another one has it."""
    known = connection.scalar(select(credit_note.c.customer_id).where(credit_note.c.id == note.id))
    if known is not None:
        raise BooksConflict(f"Credit note {note.id} of {customer_id} is another one here, of {known}.")
    last = series.last_number(connection, credit_note_series, note.series)
    _write(connection, customer_id, note.seq, note.series, note.number, max(last, note.number))


def _write(connection: Connection, customer_id: str, seq: int, its: str, number: int, last: int | None = None) -> None:
    values = {"id": credit_note_id(its, number), "series": its, "number": number}
    connection.execute(insert(credit_note).values(customer_id=customer_id, seq=seq, **values))
    series.take(connection, credit_note_series, its, last or number)


def notes_of(connection: Connection, customer_id: str, seqs: Collection[int]) -> list[NumberedNote]:
    """The numbers of the credit notes that these events of the account issued, in order."""
    wanted = select(credit_note).where(credit_note.c.customer_id == customer_id, credit_note.c.seq.in_(seqs))
    found = connection.execute(wanted.order_by(credit_note.c.seq)).mappings()
    return [NumberedNote.model_validate(dict(each)) for each in found]


def issued_note(connection: Connection, note_id: str) -> IssuedNote | None:
    """The credit note of that number, with what the account said of it."""
    found = connection.execute(_ISSUED.where(credit_note.c.id == note_id)).mappings().one_or_none()
    return _issued(found) if found else None


def issued_notes(connection: Connection, customer_id: str) -> list[IssuedNote]:
    """Every credit note of the customer, in order."""
    wanted = _ISSUED.where(credit_note.c.customer_id == customer_id).order_by(credit_note.c.seq)
    return [_issued(found) for found in connection.execute(wanted).mappings()]


def _issued(found: RowMapping) -> IssuedNote:
    note = NumberedNote.model_validate(dict(found))
    return IssuedNote(customer_id=found["customer_id"], note=note, event=found["record"])
