"""Effects that the books know with other content: both sides are told, and an operator's choice lets the life go on."""

from decimal import Decimal

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.adapters.sql.subscription.lives import SqlLives
from activities.errors import BooksConflict
from domain.conflict import Choice, SettleConflict
from domain.subscription.commands import ChangeQuantity, Command, Suspend
from domain.subscription.effects import Adopt, Provision, Record
from domain.subscription.events import Event, EventName, State
from domain.subscription.held import HeldRecord
from domain.subscription.holds import Reason
from statemachines.audit.subscription import Audited
from statemachines.conflicts.subscription import adopted, conflict_of, settle
from statemachines.subscription.not_now import Unsettled
from tests.support.books.player import LIVING, Player
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START
from tests.support.raw_sql import alter

PERIOD_2 = "term-2/period-1/charge/contoso-crm"
LATER = START + 70 * DAY


def chosen(choice: Choice, key: str) -> SettleConflict:
    return SettleConflict(key=key, choice=choice, reason="seen with finance", by="global_admin", actor="ana")


def quantity(number: int, command_id: str = "c-1") -> Command:
    return ChangeQuantity(by="admin_agent", quantity=number, command_id=command_id)


async def conflicting(player: Player) -> HeldRecord | None:
    """What the books hold where the first effect wants to write something else."""
    with pytest.raises(BooksConflict) as caught:
        await player.perform_first()
    held = caught.value.held
    assert held is None or isinstance(held, HeldRecord)
    return held


async def settled(database: Database, player: Player, held: HeldRecord | None, choice: Choice) -> None:
    """Settle the conflict of the first effect, and perform all that waits."""
    conflict = conflict_of(player.life.effects[0], "it differs", held)
    assert conflict is not None
    assert choice in conflict.choices
    player.life = settle(player.life, held, chosen(choice, conflict.key), player.life.subscription.last_at)
    if isinstance(player.life.effects[0], Adopt):
        player.life = adopted(player.life, (await SqlLives(database).restored(player.id)).life)
    await player.perform()


async def checked(database: Database, player: Player) -> Audited:
    found = await SqlAuditor(database).one(player.id)
    assert found is not None
    return found


async def last_event(player: Player) -> Event:
    return (await player.books.events(player.id))[-1]


def differing(held: HeldRecord) -> dict[str, tuple[str | None, str | None]]:
    return {field.name: (field.wanted, field.held) for field in held.fields if field.differs}


async def with_other_quantity(database: Database) -> tuple[Player, HeldRecord]:
    """A change to 5 licences that waits, where the books hold one to 7."""
    player = await bought(InSql(database), LICENCE)
    before = player.life
    player.life, _ = LIVING.accept(before, quantity(7, "c-7"), START + DAY)
    await player.perform()
    player.life, _ = LIVING.accept(before, quantity(5), START + 2 * DAY)
    held = await conflicting(player)
    assert held is not None
    return player, held


async def test_both_contents_of_a_record_are_told(database: Database) -> None:
    _, held = await with_other_quantity(database)
    assert held.up_to == 2
    found = differing(held)
    assert found["2 quantity"] == ("5", "7")
    assert found["2 command"] == ("c-1", "c-7")
    row = "2 row seq-2/charge/contoso-crm"
    assert [str(side).split(",")[0] for side in found[row]] == ["charge 5 x contoso-crm", "charge 7 x contoso-crm"]
    assert len(held.model_dump_json()) < 16_000


@pytest.mark.parametrize(("choice", "licences"), [(Choice.ADOPT, 7), (Choice.SET_ASIDE, 5)])
async def test_a_record_that_differs_is_settled(database: Database, choice: Choice, licences: int) -> None:
    player, held = await with_other_quantity(database)
    await settled(database, player, held, choice)
    assert player.life.subscription.quantity == licences
    event = await last_event(player)
    assert (event.seq, event.event, event.rule) == (3, EventName.CONFLICT_SETTLED, "REP-1")
    assert (event.by, event.actor, event.reason, event.details) == (
        "global_admin",
        "ana",
        choice.value,
        "seen with finance",
    )
    assert event.settled is not None
    assert event.settled.key == "record:2"
    assert differing(held) == {f.name: (f.wanted, f.held) for f in event.settled.fields if f.differs}
    # The life goes on, and is rebuilt as it is lived.
    await player.ask(quantity(9, "c-9"), START + 5 * DAY)
    await player.advance(LATER)
    assert player.life.subscription.quantity == 9
    restored = (await SqlLives(database).restored(player.id)).life
    assert restored.subscription.model_copy(update={"refundable": {}}) == player.life.subscription.model_copy(
        update={"refundable": {}}
    )
    audited = await checked(database, player)
    assert [violation.words for violation in audited.violations] == []
    assert [event.seq for event in audited.noted] == [3]


async def test_a_command_that_was_undone_can_be_sent_again(database: Database) -> None:
    player, held = await with_other_quantity(database)
    player.life, behind = LIVING.accept(player.life, quantity(6, "c-6"), START + 3 * DAY)
    await settled(database, player, held, Choice.ADOPT)
    assert (player.life.answer_to("c-1"), player.life.answer_to("c-6")) == (None, None)
    again = await player.ask(quantity(6, "c-6"), START + 4 * DAY)
    assert (again.outcome, again.seq) == (behind.outcome, 4)
    assert (await checked(database, player)).violations == ()


async def test_nothing_is_accepted_while_the_books_side_is_taken(database: Database) -> None:
    player, held = await with_other_quantity(database)
    life = settle(player.life, held, chosen(Choice.ADOPT, "record:2"), START + 3 * DAY)
    with pytest.raises(Unsettled, match="being adopted"):
        LIVING.check(life, quantity(6, "c-6"), START + 3 * DAY, test_clock=False)
    with pytest.raises(Unsettled, match="being adopted"):
        LIVING.accept(life, quantity(6, "c-6"), START + 3 * DAY)


@pytest.mark.parametrize("choice", Choice)
async def test_a_record_altered_by_hand_is_settled(database: Database, choice: Choice) -> None:
    """Its journal row and its digest were changed after the commit, before the workflow heard of it."""
    player = await bought(InSql(database), LICENCE)
    player.life, _ = LIVING.accept(player.life, quantity(5), START + 2 * DAY)
    (record,) = (effect for effect in player.life.effects if isinstance(effect, Record))
    await player.books.record(player.entry(record))
    nine = """UPDATE journal SET after = replace(after, '"quantity":5', '"quantity":9') WHERE seq = 2"""
    await alter(database, nine, "UPDATE decision SET digest = 'other' WHERE seq = 2")
    held = await conflicting(player)
    assert held is not None
    assert differing(held) == {"2 quantity": ("5", "9")}
    await settled(database, player, held, choice)
    assert player.life.subscription.quantity == (9 if choice is Choice.ADOPT else 5)
    await player.advance(LATER)
    assert [violation.words for violation in (await checked(database, player)).violations] == []
    # What is altered after that is found.
    await alter(database, """UPDATE journal SET after = replace(after, '"quantity":9', '"quantity":8') WHERE seq = 2""")
    words = [violation.words for violation in (await checked(database, player)).violations]
    assert "what event 3 settled is not what the operator saw" in words


async def with_a_charge_of_somebody(database: Database, amount: int, seq: int) -> tuple[Player, HeldRecord]:
    """The second period's charge waits, where the ledger has a row with its key already."""
    player = await bought(InSql(database), LICENCE)
    columns = "subscription_id, seq, position, metered, at, kind, line, quantity, amount_minor, currency, period_start"
    source = f"SELECT 's-1', {seq}, 7, metered, at, kind, line, quantity, {amount}, currency, period_start"
    await alter(
        database,
        f"INSERT INTO ledger_entry ({columns}, period_end, key) {source}, period_end, '{PERIOD_2}' FROM ledger_entry "
        "WHERE seq = 1 AND position = 0",
    )
    player.life = LIVING.settle(player.life, START + 40 * DAY)
    held = await conflicting(player)
    assert held is not None
    return player, held


@pytest.mark.parametrize("seq", [1, 2, 99])
@pytest.mark.parametrize("choice", Choice)
async def test_a_charge_that_differs_is_settled(database: Database, choice: Choice, seq: int) -> None:
    player, held = await with_a_charge_of_somebody(database, 1234, seq)
    assert list(differing(held)) == [f"row {PERIOD_2}"]
    assert player.life.subscription.refundable == {"contoso-crm": Decimal("60.00")}
    await settled(database, player, held, choice)
    left = "42.34" if choice is Choice.ADOPT else "30.00"
    assert player.life.subscription.refundable == {"contoso-crm": Decimal(left)}
    rows = [row for row in await player.books.rows(player.id) if row.key == PERIOD_2]
    assert [f"{row.amount:f}" for row in rows] == ["12.34"]
    events = await player.books.events(player.id)
    assert [event.event for event in events[1:]] == [EventName.RENEWED, EventName.CONFLICT_SETTLED]
    await player.advance(START + 100 * DAY)
    audited = await checked(database, player)
    assert [violation.words for violation in audited.violations] == []
    assert [event.settled.rows for event in audited.noted if event.settled] == [(PERIOD_2,)]


@pytest.mark.parametrize("choice", Choice)
async def test_a_change_of_access_that_differs_is_settled(database: Database, choice: Choice) -> None:
    player = await bought(InSql(database), LICENCE)
    suspend = Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
    player.life, _ = LIVING.accept(player.life, suspend, START + 2 * DAY)
    await player.perform_first()
    change = player.life.effects[0]
    assert isinstance(change, Provision)
    await player.books.provision(player.change(change))
    await alter(database, "UPDATE access_change SET access = 'grant' WHERE seq = 2")
    held = await conflicting(player)
    assert held is not None
    assert differing(held) == {"access": ("revoke", "grant")}
    await settled(database, player, held, choice)
    assert player.life.subscription.holds
    assert (player.life.provisioned, (await last_event(player)).seq) == (3, 3)
    audited = await checked(database, player)
    assert [violation.words for violation in audited.violations] == []
    await player.advance(LATER + 100 * DAY)
    assert player.life.subscription.state is State.DELETED
    assert [violation.words for violation in (await checked(database, player)).violations] == []


async def test_a_refused_change_of_access_can_only_be_set_aside(database: Database) -> None:
    """Here the last one: the event that tells of it comes after the end, and the life ends."""
    player = await bought(InSql(database), LICENCE)
    await player.ask(Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START + DAY)
    player.life = LIVING.settle(player.life, START + 200 * DAY)
    while not isinstance(player.life.effects[0], Provision):
        await player.perform_first()
    conflict = conflict_of(player.life.effects[0], "the tenant service refuses", None)
    assert conflict is not None
    assert conflict.choices == (Choice.SET_ASIDE,)
    await settled(database, player, None, Choice.SET_ASIDE)
    assert player.life.ended
    assert (await last_event(player)).state is State.DELETED
    assert [violation.words for violation in (await checked(database, player)).violations] == []
    assert (await SqlLives(database).restored(player.id)).life.effects == ()


UNREADABLE = "UPDATE journal SET after = '{}' WHERE seq = 1"


async def test_what_cannot_be_read_can_only_be_set_aside(database: Database) -> None:
    player, _ = await with_other_quantity(database)
    await alter(database, UNREADABLE)
    held = await conflicting(player)
    assert held is not None
    conflict = conflict_of(player.life.effects[0], "it differs", held)
    assert conflict is not None
    assert conflict.choices == (Choice.SET_ASIDE,)
    assert any("cannot be read" in str(field.held) for field in conflict.fields)
    await settled(database, player, held, Choice.SET_ASIDE)
    assert player.life.subscription.quantity == 5


async def test_what_cannot_be_read_back_after_all_is_set_aside_instead(database: Database) -> None:
    """It was altered again after the operator's choice: the effect that adopts it waits like any other."""
    player, held = await with_other_quantity(database)
    player.life = settle(player.life, held, chosen(Choice.ADOPT, "record:2"), START + 3 * DAY)
    await alter(database, UNREADABLE)
    with pytest.raises(BooksConflict, match="The records of s-1 cannot be read"):
        await SqlLives(database).restored(player.id)
    conflict = conflict_of(player.life.effects[0], "it cannot be read", None)
    assert conflict is not None
    assert (conflict.key, conflict.choices) == ("record:2", (Choice.SET_ASIDE,))
    assert conflict.fields == held.fields
    await settled(database, player, None, Choice.SET_ASIDE)
    assert (player.life.subscription.quantity, player.life.committed) == (5, 3)


async def test_a_record_of_another_length_can_only_be_adopted(database: Database) -> None:
    """The next events could not be numbered after both."""
    player, _ = await with_other_quantity(database)
    waiting = player.life
    player.life = (await SqlLives(database).restored(player.id)).life
    await player.ask(quantity(8, "c-8"), START + 3 * DAY)
    player.life = waiting
    held = await conflicting(player)
    assert held is not None
    conflict = conflict_of(player.life.effects[0], "it differs", held)
    assert conflict is not None
    assert conflict.choices == (Choice.ADOPT,)
    await settled(database, player, held, Choice.ADOPT)
    assert (player.life.subscription.quantity, player.life.committed) == (8, 4)
    assert (await checked(database, player)).violations == ()


async def test_what_the_books_refuse_for_another_reason_is_no_conflict(database: Database) -> None:
    """It has no other side: an event before it is missing."""
    player = await bought(InSql(database), LICENCE)
    player.life, _ = LIVING.accept(player.life, quantity(5), START + DAY)
    player.life, _ = LIVING.accept(player.life, quantity(6, "c-2"), START + 2 * DAY)
    records = [effect for effect in player.life.effects if isinstance(effect, Record)]
    player.life = player.life.model_copy(update={"effects": tuple(records[1:])})
    assert await conflicting(player) is None
    assert conflict_of(records[1], "3 cannot follow 1", None) is None
