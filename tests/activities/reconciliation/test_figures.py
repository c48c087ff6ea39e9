"""The figures of the books for a worker's metrics, in SQLite and PostgreSQL."""

from datetime import timedelta

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.outbox import SqlOutbox
from activities.adapters.sql.reconciliation.figures import SqlFigures
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import Origin, RecordInput
from activities.errors import SchemaMismatch
from activities.figures import Figures, Outbox
from domain.notification import NotificationStatus
from domain.subscription.commands import ChangeQuantity
from domain.subscription.effects import Record
from statemachines.subscription.life import Life, LifeSteps
from tests.support.books.account import JANUARY, AccountsInSql, Customer, issued, row
from tests.support.books.short_lives import LICENCE, order
from tests.support.instants import START
from tests.support.publisher.endpoint import publishers_at
from tests.support.publisher.imported import list_publishers
from tests.support.raw_sql import change
from tests.support.shop.orders import stock

STEPS = LifeSteps()
HOUR = timedelta(hours=1)


async def recorded(database: Database, life: Life, origin: Origin) -> Life:
    for effect in life.effects:
        if isinstance(effect, Record):
            await SqlBooks(database).record(RecordInput.of(life.subscription, effect, origin))
    return life.model_copy(update={"effects": ()})


async def lived(database: Database, subscription_id: str, changes: int = 0, origin: Origin | None = None) -> None:
    """A subscription whose quantity was changed so often, an hour apart."""
    origin = origin or Origin()
    life = await recorded(database, STEPS.begin(order(LICENCE, subscription_id)), origin)
    for number in range(1, changes + 1):
        command = ChangeQuantity(by="admin_agent", quantity=number + 10)
        life = await recorded(database, STEPS.accept(life, command, START + number * HOUR)[0], origin)


async def tell(database: Database, subscription_id: str, status: NotificationStatus, times: int = 1) -> None:
    for _ in range(times):
        pending = await SqlOutbox(database).next(subscription_id, "contoso")
        assert pending is not None
        await SqlOutbox(database).record_outcome(pending, "contoso", status, START)


async def test_empty_books_have_nothing(database: Database) -> None:
    assert await SqlFigures(database).read(START) == Figures(overdue=0)


async def test_the_outbox_is_what_is_behind_the_last_event_that_is_done(database: Database) -> None:
    await stock(database)
    await list_publishers(database, publishers_at("https://contoso.example/webhooks", contoso={}))
    figures = SqlFigures(database)
    assert (await figures.read(START)).outbox == {"contoso": Outbox(0, None)}
    await lived(database, "new", 1)
    await lived(database, "half", 2)
    await tell(database, "half", NotificationStatus.DELIVERED)
    assert (await figures.read(START)).outbox == {"contoso": Outbox(4, START)}
    await tell(database, "new", NotificationStatus.NOT_IN_DIALECT)
    assert (await figures.read(START)).outbox == {"contoso": Outbox(3, START + HOUR)}
    await tell(database, "new", NotificationStatus.SKIPPED)
    await tell(database, "half", NotificationStatus.DELIVERED, times=2)
    assert (await figures.read(START)).outbox == {"contoso": Outbox(0, None)}


async def test_an_undeliverable_event_waits_with_all_behind_it(database: Database) -> None:
    await stock(database)
    await list_publishers(database, publishers_at("https://contoso.example/webhooks", contoso={}))
    await lived(database, "s-1", 2)
    pending = await SqlOutbox(database).next("s-1", "contoso")
    assert pending is not None
    await SqlOutbox(database).record_failure(pending, "contoso", "down", START, None)
    assert (await SqlFigures(database).read(START)).outbox == {"contoso": Outbox(3, START)}


async def test_a_test_clocks_events_are_counted_and_have_no_age(database: Database) -> None:
    await stock(database)
    await list_publishers(database, publishers_at("https://contoso.example/webhooks", contoso={}))
    await lived(database, "s-1", 0, Origin(ahead_by=timedelta(0)))
    assert (await SqlFigures(database).read(START)).outbox == {"contoso": Outbox(1, None)}


async def test_events_that_no_listed_publisher_waits_for_are_not_counted(database: Database) -> None:
    await stock(database)
    await lived(database, "s-1", 3)
    assert (await SqlFigures(database).read(START)).outbox == {}


async def test_subscriptions_and_invoices_by_state_and_what_is_overdue(database: Database) -> None:
    await lived(database, "a-1")
    await lived(database, "a-2")
    customer = Customer(AccountsInSql(database))
    await customer.write(row(JANUARY.start))
    await customer.close()
    await customer.record(issued(1, "fabrikam-000001", "10.00"))
    found = await SqlFigures(database).read(START + timedelta(days=400))
    assert found.subscriptions["active"] >= 2
    assert found.invoices == {"issued": 1}
    assert found.overdue >= 2


async def test_books_of_another_revision_are_not_read(database: Database) -> None:
    await SqlFigures(database).check()
    await change(database, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(SchemaMismatch, match="'0001'"):
        await SqlFigures(database).check()
    with pytest.raises(SchemaMismatch):
        await SqlFigures(database).read(START)
