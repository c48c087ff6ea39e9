"""What people read of the books: one life, a page of many, and when users had access."""

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.access_log import SqlAccessLog
from activities.adapters.sql.subscription.reader import SqlReader
from activities.errors import BooksConflict
from activities.notifications.contracts import Notice
from activities.provisioning.contracts import Confirmation
from domain.subscription.commands import SetAutoRenew, Suspend
from domain.subscription.effects import Access, AccessInterval, Provision
from domain.subscription.events import State
from domain.subscription.holds import Reason
from tests.support.books.short_lives import LICENCE, METER, bought
from tests.support.books.subscription import CONFIRMED, InSql
from tests.support.instants import DAY, START
from tests.support.raw_sql import change


async def test_what_the_books_do_not_know(database: Database) -> None:
    reader = SqlReader(database)
    assert await reader.about("nobody") is None
    assert await reader.listed("nobody") is None
    assert await reader.events("nobody") == []
    assert await reader.subscriptions() == []


async def test_pages_and_filters(database: Database) -> None:
    books = InSql(database)
    for number in range(5):
        await bought(books, METER if number == 4 else LICENCE, f"s-{number}")
    suspended = await bought(books, LICENCE, "s-5")
    await suspended.ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + DAY)
    ids = [listed.subscription_id for listed in await books.subscriptions(limit=4)]
    assert ids == ["s-0", "s-1", "s-2", "s-3"]
    assert [s.subscription_id for s in await books.subscriptions(after="s-3")] == ["s-4", "s-5"]
    assert [s.subscription_id for s in await books.subscriptions(offer="wingtip-meter")] == ["s-4"]
    assert [s.subscription_id for s in await books.subscriptions(state=State.SUSPENDED)] == ["s-5"]
    assert await books.subscriptions(customer="tailspin") == []
    both = await books.subscriptions(customer="fabrikam", state=State.ACTIVE)
    assert len(both) == 5


async def test_a_listed_life_is_as_its_last_event_left_it(database: Database) -> None:
    books = InSql(database)
    player = await bought(books, LICENCE)
    await player.ask(SetAutoRenew(by="admin_agent", enabled=False), START + DAY)
    listed = await books.listed(player.id)
    assert listed is not None
    assert (listed.auto_renew, listed.last_seq, listed.last_at) == (False, 2, START + DAY)
    assert (listed.publisher, listed.currency, listed.policy, listed.ordered_at) == (
        "partner",
        "USD",
        "csp-2019",
        START,
    )


async def test_the_latest_of_many_is_what_their_workflows_have(database: Database) -> None:
    books = InSql(database)
    players = [await bought(books, METER if number == 2 else LICENCE, f"s-{number}") for number in range(3)]
    await players[0].ask(SetAutoRenew(by="admin_agent", enabled=False), START + DAY)
    await players[1].ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + DAY)
    latest = await SqlReader(database).latest(["s-0", "s-1", "nobody", "s-2"])
    assert latest == {player.id: player.life.subscription.model_copy(update={"refundable": {}}) for player in players}
    assert await SqlReader(database).latest([]) == {}


@pytest.mark.parametrize("snapshot", ["no JSON", "{}", '{"policy": 1}'])
async def test_what_cannot_be_read_is_named_beside_the_others(database: Database, snapshot: str) -> None:
    books = InSql(database)
    players = [await bought(books, LICENCE, f"s-{number}") for number in range(5)]
    await change(database, f"UPDATE subscription SET snapshot = '{snapshot}' WHERE id IN ('s-1', 's-4')")
    latest = await SqlReader(database).latest([player.id for player in players])
    assert {key for key, found in latest.items() if found is None} == {"s-1", "s-4"}
    assert {key for key, found in latest.items() if found} == {"s-0", "s-2", "s-3"}
    assert len(await SqlReader(database).subscriptions()) == 5


async def test_a_list_needs_no_offer_that_can_be_read(database: Database) -> None:
    books = InSql(database)
    player = await bought(books, LICENCE)
    await change(database, "UPDATE subscription SET offer = 'no JSON'")
    assert [each.subscription_id for each in await books.subscriptions()] == [player.id]
    assert await SqlReader(database).latest([player.id]) == {player.id: None}


async def test_a_notice_tells_no_free_text(database: Database, url: str) -> None:
    player = await bought(InSql(database), LICENCE)
    event = player.recorded[0][0].record.events[0].model_copy(update={"details": "private", "actor": "jane"})
    assert "private" not in Notice.of(event, player.id, "fabrikam", player.about.offer.id).model_dump_json()
    assert "jane" not in Notice.of(event, player.id, "fabrikam", player.about.offer.id).model_dump_json()


async def test_a_change_of_access_is_noted_once(database: Database) -> None:
    books, log = InSql(database), SqlAccessLog(database)
    player = await bought(books, LICENCE)
    change = player.change(Provision(access=Access.REVOKE, at=START + DAY, seq=2, quantity=3, add_ons={}))
    for confirmed_at in (CONFIRMED, CONFIRMED + DAY):
        await log.note(change, Confirmation(access=Access.REVOKE, confirmed_at=confirmed_at))
    assert await books.access(player.id) == [AccessInterval(start=START, end=START + DAY)]
    other = change.model_copy(update={"provision": change.provision.model_copy(update={"access": Access.PURGE})})
    with pytest.raises(BooksConflict, match="already recorded as revoke"):
        await log.note(other, Confirmation(access=Access.PURGE, confirmed_at=CONFIRMED))
