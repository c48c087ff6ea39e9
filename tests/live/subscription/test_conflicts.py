"""The books were changed underneath a workflow: an operator sees both sides, and it goes on as the operator chose."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.auditor import SqlAuditor
from domain.conflict import Choice, Conflict, SettleConflict
from domain.subscription.commands import ChangeQuantity, Command, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.events import EventName
from domain.subscription.holds import Reason
from hosting.assembly import World
from tests.support.live.otherwise import decided_otherwise
from tests.support.live.repairs import Place, a_place, bought
from tests.support.raw_sql import alter, rows
from workflows.calls.errors import NeedsAttention, Rejected

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with a_place(Path(tmp_path_factory.mktemp("conflicts"))) as opened:
        yield opened


@pytest.fixture(scope="module")
async def world(place: Place) -> AsyncIterator[World]:
    async with place.worker() as running:
        yield running


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    async with Database(place.settings.database_url) as opened:
        yield opened


def quantity(number: int, command_id: str) -> Command:
    return ChangeQuantity(by="admin_agent", quantity=number, command_id=command_id)


async def with_a_record(world: World, database: Database, subscription_id: str) -> Command:
    """The books have event 2 of a decision that the workflow did not make, and somebody has altered its row."""
    await decided_otherwise(world, database, subscription_id, quantity(7, "other"))
    nine = """UPDATE journal SET after = replace(after, '"quantity":7', '"quantity":9')"""
    await alter(database, f"{nine} WHERE subscription_id = '{subscription_id}' AND seq = 2")
    return quantity(5, "c-1")


async def with_a_charge(world: World, database: Database, subscription_id: str) -> Command:
    """The ledger has a charge under the key that the change of quantity will use."""
    columns = "position, metered, at, kind, line, quantity, amount_minor, currency, period_start, period_end, key"
    values = (
        columns.replace("position", "9").replace("amount_minor", "1234").replace("key", "'seq-2/charge/contoso-crm'")
    )
    await alter(
        database,
        f"INSERT INTO ledger_entry (subscription_id, seq, {columns}) SELECT subscription_id, seq, {values} "
        f"FROM ledger_entry WHERE subscription_id = '{subscription_id}' AND seq = 1 AND position = 0",
    )
    return quantity(5, "c-1")


async def with_a_change_of_access(world: World, database: Database, subscription_id: str) -> Command:
    """The log has another change of access under the number of the suspension."""
    await alter(
        database,
        "INSERT INTO access_change (subscription_id, seq, access, at, confirmed_at) SELECT subscription_id, 2, "
        f"'grant', at, confirmed_at FROM access_change WHERE subscription_id = '{subscription_id}'",
    )
    return Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST, command_id="c-1")


MADE = {"record": with_a_record, "charge": with_a_charge, "access": with_a_change_of_access}
KEYS = {"record": "record:2", "charge": "record:2", "access": "revoke:2"}
DIFFERENCES = {
    "record": ("2 quantity", "5", "9"),
    "charge": (
        "row seq-2/charge/contoso-crm",
        "charge 5 x contoso-crm, USD 50.00",
        "charge 3 x contoso-crm, USD 12.34",
    ),
    "access": ("access", "revoke", "grant"),
}


async def conflicting(world: World, subscription_id: str, command: Command) -> Conflict:
    """The conflict in which the command ends."""
    subscriptions = world.server.subscriptions
    answer = await subscriptions.ask(subscription_id, command, wait=False)
    assert answer.outcome is Outcome.DONE
    with pytest.raises(NeedsAttention, match="MON-2"):
        await subscriptions.committed(subscription_id, answer.seq)
    conflict = (await subscriptions.details(subscription_id)).conflict
    assert conflict is not None
    return conflict


@pytest.mark.parametrize("choice", Choice)
@pytest.mark.parametrize("kind", MADE)
async def test_a_conflict_is_seen_and_settled(world: World, database: Database, kind: str, choice: Choice) -> None:
    subscriptions, wanted = world.server.subscriptions, await bought(world)
    conflict = await conflicting(world, wanted, await MADE[kind](world, database, wanted))
    assert (conflict.key, conflict.choices) == (KEYS[kind], (Choice.ADOPT, Choice.SET_ASIDE))
    name, ours, theirs = DIFFERENCES[kind]
    (field,) = (field for field in conflict.fields if field.name == name)
    assert str(field.wanted).startswith(ours)
    assert str(field.held).startswith(theirs)

    request = SettleConflict(key=conflict.key, choice=choice, reason="as\nagreed", by="global_admin", actor="ana")
    await subscriptions.settle(wanted, request)
    seen = await subscriptions.details(wanted)
    assert (seen.attention, seen.conflict, seen.settled) == (None, None, True)
    if kind == "record":
        assert seen.quantity == (9 if choice is Choice.ADOPT else 5)
    event = (await world.books.subscriptions.events(wanted))[-1]
    assert (event.event, event.by, event.actor) == (EventName.CONFLICT_SETTLED, "global_admin", "ana")
    assert (event.reason, event.details) == (choice.value, "as agreed")

    # It goes on, and `check` has nothing against it but the note.
    after = Suspend(by="service", reason=Reason.FRAUD, command_id="after")
    assert (await subscriptions.ask(wanted, after)).outcome is Outcome.DONE
    audited = await SqlAuditor(database).one(wanted)
    assert audited is not None
    assert [violation.words for violation in audited.violations] == []
    assert [noted.settled.key for noted in audited.noted if noted.settled] == [conflict.key]
    if kind == "charge":
        amounts = await rows(database, f"SELECT amount_minor FROM ledger_entry WHERE subscription_id = '{wanted}'")
        assert (1234,) in amounts


async def test_what_is_no_conflict_cannot_be_settled(world: World, database: Database) -> None:
    subscriptions, wanted = world.server.subscriptions, await bought(world)
    request = SettleConflict(key="record:2", choice=Choice.SET_ASIDE, reason="agreed", by="global_admin")
    with pytest.raises(Rejected, match="no effect waits with a conflict"):
        await subscriptions.settle(wanted, request)
    conflict = await conflicting(world, wanted, await with_a_record(world, database, wanted))
    for changes, words in (
        ({"key": "record:1"}, "key: got record:1; the effect that waits is record:2"),
        ({"by": "sales_agent"}, "Only an operator settles conflicts"),
        ({"by": "nobody"}, "Only an operator settles conflicts"),
    ):
        with pytest.raises(Rejected, match=words):
            await subscriptions.settle(wanted, request.model_copy(update=changes))
    # What is adopted replaces what waits behind it, and its sender can send it again.
    behind = await subscriptions.ask(wanted, quantity(6, "c-2"), wait=False)
    adopt = request.model_copy(update={"choice": Choice.ADOPT})
    await subscriptions.settle(wanted, adopt)
    assert (await subscriptions.details(wanted)).quantity == 9
    assert conflict.key == "record:2"
    again = await subscriptions.ask(wanted, quantity(6, "c-2"))
    assert (again.outcome, behind.outcome, again.seq) == (Outcome.DONE, Outcome.DONE, 4)
