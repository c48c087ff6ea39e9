"""The first answers to accepted commands, once per subscription, command id and kind of sender (invariant 10)."""

from sqlalchemy import Connection, bindparam, exists, insert, select

from activities.adapters.sql.tables.subscription import first_answer, journal
from activities.billing.contracts import AskedCommand
from activities.errors import BooksConflict
from domain.roles import Party
from domain.subscription.decision import Answered
from domain.subscription.effects import Receipt

_GIVEN = {column.name: bindparam(column.name, type_=column.type) for column in first_answer.c}
_KNOWN = exists().where(*(column == _GIVEN[column.name] for column in first_answer.primary_key))
_WRITE_ONCE = insert(first_answer).from_select(list(_GIVEN), select(*_GIVEN.values()).where(~_KNOWN))


def write(connection: Connection, subscription_id: str, entry: Answered, receipt: Receipt) -> None:
    """Keep the answer of a recorded decision, with the usage that it charged. An earlier one of that id stays."""
    answer = receipt.complete(entry.answer) if entry.answer.metered else entry.answer
    row = {
        "subscription_id": subscription_id,
        "command_id": entry.command_id,
        "system": entry.system,
        "seq": answer.seq,
        "fingerprint": entry.fingerprint,
        "answer": answer,
    }
    connection.execute(_WRITE_ONCE, row)


def last(connection: Connection, subscription_id: str, limit: int) -> list[Answered]:
    """The last first answers of a subscription, oldest first."""
    wanted = select(first_answer).where(first_answer.c.subscription_id == subscription_id)
    found = connection.execute(wanted.order_by(first_answer.c.seq.desc()).limit(limit)).mappings().all()
    return [Answered.model_validate(dict(row)) for row in reversed(found)]


def first(connection: Connection, asked: AskedCommand) -> Answered | None:
    """The first answer to that id; None if no such command was accepted.

    Raises BooksConflict if one was, by an earlier version, which kept no answers.
    """
    of_it = (first_answer.c.subscription_id == asked.subscription_id) & (first_answer.c.command_id == asked.command_id)
    found = connection.execute(
        select(first_answer.c.fingerprint, first_answer.c.answer).where(of_it, first_answer.c.system == asked.system)
    ).one_or_none()
    if found is not None:
        return Answered(
            command_id=asked.command_id, fingerprint=found.fingerprint, answer=found.answer, system=asked.system
        )
    its_event = (journal.c.subscription_id == asked.subscription_id) & (journal.c.command_id == asked.command_id)
    is_system = journal.c.by == Party.SYSTEM.value
    seq = connection.scalar(select(journal.c.seq).where(its_event, is_system if asked.system else ~is_system))
    if seq is not None:
        words = f"command_id {asked.command_id} led to event {seq}, and its answer was not kept"
        raise BooksConflict(f"{words}: see the subscription's events, or use a new id.")
    return None
