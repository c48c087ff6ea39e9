"""The first answers in SQL: once per command id, for ever, and no wedge where an id comes again (invariant 10)."""

from datetime import timedelta

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import AskedCommand, RecordInput
from activities.errors import BooksConflict
from domain.subscription.commands import ChangeQuantity, Suspend
from domain.subscription.decision import Answered
from domain.subscription.effects import Record
from domain.subscription.holds import Reason
from tests.support.books.player import LIVING
from tests.support.books.short_lives import LICENCE, METER, bought, report
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START
from tests.support.raw_sql import change, rows

HOUR = timedelta(hours=1)


def more(quantity: int, command_id: str | None) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=quantity, command_id=command_id)


async def first(database: Database, command_id: str, *, system: bool = False) -> Answered | None:
    asked = AskedCommand(subscription_id="s-1", command_id=command_id, system=system)
    return await SqlBooks(database).first_answer(asked)


async def test_the_answer_to_each_accepted_command_is_kept(database: Database) -> None:
    """Not that of one that changed nothing, or had no id; the system's own ids are apart."""
    player = await bought(InSql(database), LICENCE)
    done = await player.ask(more(5, "c-1"), START + DAY)
    await player.ask(more(5, "c-2"), START + DAY + HOUR)
    await player.ask(more(6, None), START + 2 * DAY)
    kept = Answered(command_id="c-1", fingerprint=more(5, "c-1").fingerprint(), answer=done)
    assert await first(database, "c-1") == kept
    for unknown in ("c-2", "c-3"):
        assert await first(database, unknown) is None
    assert await first(database, "c-1", system=True) is None
    held = Suspend(by="system", reason=Reason.NONPAYMENT, command_id="c-1")
    suspended = await player.ask(held, START + 3 * DAY)
    by_system = Answered(command_id="c-1", fingerprint=held.fingerprint(), answer=suspended, system=True)
    assert await first(database, "c-1", system=True) == by_system
    assert await first(database, "c-1") == kept
    assert (await rows(database, "SELECT count(*) FROM first_answer"))[0][0] == 2
    with pytest.raises(BooksConflict, match="first_answer is append-only"):
        await change(database, "DELETE FROM first_answer")


async def test_it_has_the_usage_that_was_charged(database: Database) -> None:
    """As the life itself keeps it once the record is written (MON-3)."""
    player = await bought(InSql(database), METER)
    await player.ask(report("u-1", "4"), START + DAY)
    command = Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST, command_id="c-1")
    await player.ask(command, START + 2 * DAY)
    (kept,) = player.life.answered
    assert await first(database, "c-1") == kept


async def test_an_id_that_comes_again_is_no_wedge_and_its_first_answer_stays(database: Database) -> None:
    """A life that has forgotten it all the same: the decision is written, and repeats get the first answer."""
    player = await bought(InSql(database), LICENCE)
    done = await player.ask(more(5, "c-1"), START + DAY)
    player.life = player.life.model_copy(update={"answered": ()})
    again = await player.ask(more(6, "c-1"), START + 2 * DAY)
    assert again.seq == done.seq + 1
    found = await first(database, "c-1")
    assert found is not None
    assert found.answer == done


async def test_a_decision_is_the_same_with_and_without_its_answer(database: Database) -> None:
    """A worker of an earlier version may have written it: writing it again is no conflict."""
    player = await bought(InSql(database), LICENCE)
    await player.ask(more(5, "c-1"), START + DAY)
    entry, receipt = player.recorded[-1]
    assert entry.record.answered is not None
    assert await SqlBooks(database).record(without_answer(entry)) == receipt


async def test_a_command_that_an_earlier_version_recorded_is_named(database: Database) -> None:
    """It kept no answers: its event says that the command was accepted, so it is not applied again."""
    player = await bought(InSql(database), LICENCE)
    player.life, answer = LIVING.accept(player.life, more(5, "c-1"), START + DAY)
    (effect, *_) = player.life.effects
    assert isinstance(effect, Record)
    await SqlBooks(database).record(without_answer(player.entry(effect)))
    with pytest.raises(BooksConflict, match=f"command_id c-1 led to event {answer.seq}, and its answer was not kept"):
        await first(database, "c-1")
    assert await first(database, "c-1", system=True) is None


def without_answer(entry: RecordInput) -> RecordInput:
    return entry.model_copy(update={"record": entry.record.model_copy(update={"answered": None})})
