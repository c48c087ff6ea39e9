"""What the books restore where something waits, is forgotten, or is not in them."""

from datetime import timedelta

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.outbox import SqlOutbox
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.subscription.lives import SqlLives
from activities.errors import BooksConflict
from domain.notification import NotificationStatus
from domain.subscription.commands import ChangePrice, ChangeQuantity, Command, Reactivate, SetAutoRenew, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.effects import Access, Keep, Provision
from domain.subscription.first_answers import ANSWERS_KEPT
from domain.subscription.holds import Reason
from statemachines.subscription.life import Life
from statemachines.subscription.not_now import CommandIdForgotten
from tests.support.books.player import LIVING, Player
from tests.support.books.restored import as_booked, differing
from tests.support.books.short_lives import LICENCE, METER, bought, order, report
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START
from tests.support.publisher.endpoint import publishers_at
from tests.support.publisher.imported import list_publishers
from tests.support.raw_sql import change
from tests.support.shop.orders import stock

HOUR = timedelta(hours=1)
WHO, WHY = "admin_agent", Reason.CUSTOMER_REQUEST


async def restored(database: Database, subscription_id: str = "s-1") -> Life:
    return (await SqlLives(database).restored(subscription_id)).life


def decided(life: Life, *commands: Command) -> list[Life]:
    """The lives after each command, an hour after the other, with their effects waiting."""
    lives = []
    for command in commands:
        life, answer = LIVING.accept(life, command, life.subscription.last_at + HOUR)
        assert not answer.refused
        lives.append(life)
    return lives


async def test_of_decisions_that_wait_what_is_written_is_restored(database: Database) -> None:
    """The database was away, then came back, and the server was lost before all was written."""
    player = await bought(InSql(database), LICENCE)
    commands = (
        ChangeQuantity(by=WHO, quantity=5, command_id="c-1"),
        Suspend(by=WHO, reason=WHY, command_id="c-2"),
        Suspend(by="service", reason=Reason.FRAUD, command_id="c-3"),
        Reactivate(by=WHO, command_id="c-4"),
        SetAutoRenew(by=WHO, enabled=False, command_id="c-5"),
    )
    by_seq = {life.subscription.seq: life for life in decided(player.life, *commands)}
    player.life = by_seq[max(by_seq)]
    steps = 0
    while player.life.effects:
        await player.perform_first()
        found, lived = await restored(database), player.life
        wanted = by_seq[lived.committed]
        assert differing(found, found.model_copy(update={"subscription": wanted.subscription})) == []
        assert found.recent == wanted.recent
        assert [entry.command_id for entry in found.answered] == [f"c-{n}" for n in range(1, lived.committed)]
        assert (found.committed, found.provisioned) == (lived.committed, lived.provisioned)
        waiting = lived.effects[:1]
        assert found.effects == (waiting if waiting and isinstance(waiting[0], Provision) else ())
        steps += 1
    assert steps == 8


async def test_a_change_of_access_that_is_not_confirmed_waits(database: Database) -> None:
    player = await bought(InSql(database), LICENCE)
    (player.life,) = decided(player.life, Suspend(by=WHO, reason=WHY))
    await player.perform_first()
    found = await restored(database)
    (revoke,) = found.effects
    assert isinstance(revoke, Provision)
    assert (revoke.access, revoke.seq, found.committed, found.provisioned) == (Access.REVOKE, 2, 2, 1)
    assert differing(found, as_booked(player.life)) == []
    await player.perform()
    assert (await restored(database)).effects == ()


async def test_the_usage_that_a_suspension_stopped_is_restored(database: Database) -> None:
    """SUS-10: also behind the renewals and further holds that follow, and not after the reactivation."""

    async def unbilled() -> list[str] | None:
        counted = (await restored(database)).subscription.unbilled
        return [str(one.units) for one in counted.usage] if counted else None

    player = await bought(InSql(database), METER)
    await player.ask(report("u-1", "4"), START + DAY)
    await player.ask(Suspend(by=WHO, reason=WHY), START + 2 * DAY)
    assert await unbilled() == ["4"]
    await player.ask(Suspend(by="service", reason=Reason.FRAUD), START + 3 * DAY)
    assert await unbilled() == ["4"]
    await player.ask(Reactivate(by=WHO), START + 4 * DAY)
    assert await unbilled() is None
    assert differing(await restored(database), as_booked(player.life)) == []


async def test_what_changed_without_an_event_is_restored(database: Database) -> None:
    """BUY-5: else a late message of an older catalog would undo a newer one, and the next term have the old pack."""
    player = await bought(InSql(database), LICENCE)
    price = player.life.subscription.unit_price
    known = ChangePrice(by="system", unit_price=price, catalog_version=3)
    assert (await player.ask(known, START + DAY)).outcome is Outcome.UNCHANGED
    newer = player.life.subscription.policy.model_copy(update={"version": 2})
    player.life = player.life.with_next_policy(newer)
    await player.perform()
    found = (await restored(database)).subscription
    assert (found.catalog_version, found.next_policy) == (3, newer)
    assert differing(await restored(database), as_booked(player.life)) == []
    await player.advance(START + 40 * DAY)
    found = (await restored(database)).subscription
    assert (found.catalog_version, found.policy, found.next_policy) == (3, newer, None)


async def test_a_change_without_an_event_that_comes_late_or_early(database: Database) -> None:
    """It is performed again after a crash, when a later event may be written; it never comes before its own event."""
    books = InSql(database)
    player = await bought(books, LICENCE)
    late = Keep(seq=1, changed={"catalog_version": 3})
    await player.keep(late)
    await player.keep(late)
    (player.life,) = decided(player.life, ChangePrice(by="system", unit_price=12, catalog_version=4))  # type: ignore[arg-type]
    await player.perform()
    await player.keep(late)
    assert (await restored(database)).subscription.catalog_version == 4
    with pytest.raises(BooksConflict, match="Event 3 of s-1 is missing"):
        await player.keep(Keep(seq=3, changed={"catalog_version": 5}))


async def test_commands_that_were_accepted_long_ago_are_known(database: Database) -> None:
    """Invariant 10: the last answers are given again, of those before the ids are known."""
    player = await bought(InSql(database), LICENCE)
    for number in range(ANSWERS_KEPT + 10):
        more = ChangeQuantity(by=WHO, quantity=10 + number, command_id=f"c-{number}")
        await player.ask(more, START + number * HOUR)
    found = await restored(database)
    assert differing(found, as_booked(player.life)) == []
    assert len(found.answered) == ANSWERS_KEPT
    with pytest.raises(CommandIdForgotten):
        found.repeated(ChangeQuantity(by=WHO, quantity=10, command_id="c-0"))
    assert found.repeated(more) == player.answers[-1]
    assert found.repeated(ChangeQuantity(by=WHO, quantity=5, command_id="new")) is None


async def test_how_far_its_publisher_was_notified_is_restored(database: Database) -> None:
    await stock(database)
    await list_publishers(database, publishers_at("https://contoso.example/webhooks", contoso={}))
    player, outbox, lives = await bought(InSql(database), LICENCE), SqlOutbox(database), SqlLives(database)
    await player.advance(START + 40 * DAY)
    found = await lives.restored(player.id)
    assert (found.publisher, found.told, found.life.committed) == ("contoso", 0, 2)
    pending = await outbox.next(player.id, "contoso")
    assert pending is not None
    await outbox.record_outcome(pending, "contoso", NotificationStatus.DELIVERED, START)
    assert (await lives.restored(player.id)).told == 1


async def test_what_cannot_be_restored_says_why(database: Database) -> None:
    with pytest.raises(BooksConflict, match="do not know subscription s-1"):
        await restored(database)
    player = Player(InSql(database), order(LICENCE))
    entry = player.entry(player.life.effects[0])  # type: ignore[arg-type]
    older = entry.model_copy(update={"record": entry.record.model_copy(update={"changed": None})})
    await SqlBooks(database).record(older)
    with pytest.raises(BooksConflict, match="An earlier version recorded the last event of s-1"):
        await restored(database)
    # What it wrote stays unknown, whatever comes after it.
    (player.life,) = decided(player.life, ChangeQuantity(by=WHO, quantity=5))
    await player.perform()
    with pytest.raises(BooksConflict, match="An earlier version"):
        await restored(database)
    await change(database, "UPDATE subscription SET snapshot = '{}'")
    with pytest.raises(BooksConflict, match="The records of s-1 cannot be read: .*policy"):
        await restored(database)
