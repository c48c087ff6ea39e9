"""What the books say of the workflows that should run, in SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta

from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.outbox import SqlOutbox
from activities.adapters.sql.reconciliation.booked import SqlWorkflowBook
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import Origin, RecordInput
from domain.notification import NotificationStatus
from domain.subscription.commands import Cancel
from domain.subscription.effects import Record
from domain.subscription.holds import Reason
from statemachines.audit.findings import Noun
from statemachines.subscription.life import Life, LifeSteps
from statemachines.subscription.timeline import next_milestone
from tests.support.books.account import CUSTOMER, JANUARY, AccountsInSql, Customer, issued, row
from tests.support.books.short_lives import LICENCE, order
from tests.support.instants import START
from tests.support.publisher.endpoint import publishers_at
from tests.support.publisher.imported import list_publishers
from tests.support.raw_sql import change
from tests.support.shop.orders import stock

CANCEL = Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)
STEPS = LifeSteps()
HOUR = timedelta(hours=1)
BILLED = Origin(invoiced=True)


async def recorded(database: Database, life: Life, origin: Origin = BILLED) -> Life:
    """The life after its records are written."""
    for effect in life.effects:
        if isinstance(effect, Record):
            entry = RecordInput.of(life.subscription, effect, origin)
            await SqlBooks(database).record(entry)
    return life.model_copy(update={"effects": ()})


async def begun(database: Database, subscription_id: str, origin: Origin = BILLED) -> Life:
    life = STEPS.begin(order(LICENCE, subscription_id, customer=f"of-{subscription_id}"))
    return await recorded(database, life, origin)


async def ended(database: Database, subscription_id: str) -> None:
    life = await begun(database, subscription_id, Origin())
    life, _ = STEPS.accept(life, CANCEL, START + HOUR)
    await recorded(database, life, Origin())


async def test_each_record_keeps_the_next_milestone(database: Database) -> None:
    life = await begun(database, "s-1")
    book = SqlWorkflowBook(database)
    first = (await book.of(Noun.SUBSCRIPTION, ["s-1", "nobody"]))["s-1"]
    milestone = next_milestone(life.subscription)
    assert milestone is not None
    assert (first.runs, first.seq, first.state, first.auto_renew) == (True, 1, "active", True)
    assert (first.last_at, first.next_at, first.test_clock) == (START, milestone.at, False)
    assert await book.overdue(milestone.at) == 0
    assert await book.overdue(milestone.at + timedelta(microseconds=1)) == 1
    life, _ = STEPS.accept(life, CANCEL, START + HOUR)
    await recorded(database, life)
    last = (await book.of(Noun.SUBSCRIPTION, ["s-1"]))["s-1"]
    assert (last.runs, last.seq, last.state, last.next_at) == (False, 2, "cancelled", None)
    assert await book.overdue(milestone.at + HOUR) == 0
    assert await book.page(Noun.SUBSCRIPTION) == {}


async def test_repeating_a_record_that_a_newer_version_makes_changes_nothing(database: Database) -> None:
    life = STEPS.begin(order(LICENCE))
    entry = RecordInput.of(life.subscription, life.effects[0], Origin())  # type: ignore[arg-type]
    older = entry.model_copy(update={"next_at": None})
    receipt = await SqlBooks(database).record(older)
    assert await SqlBooks(database).record(entry) == receipt


async def test_a_test_clock_is_not_overdue_by_ours(database: Database) -> None:
    await begun(database, "s-1", Origin(invoiced=True, ahead_by=timedelta(0)))
    book = SqlWorkflowBook(database)
    assert (await book.of(Noun.SUBSCRIPTION, ["s-1"]))["s-1"].test_clock
    assert (await book.of(Noun.ACCOUNT, ["of-s-1"]))["of-s-1"].test_clock
    assert await book.overdue(datetime(2100, 1, 1, tzinfo=UTC)) == 0


async def test_pages_go_on_after_an_id(database: Database) -> None:
    for number in range(5):
        await begun(database, f"s-{number}")
    book = SqlWorkflowBook(database)
    for noun, prefix in ((Noun.SUBSCRIPTION, "s-"), (Noun.ACCOUNT, "of-s-")):
        assert list(await book.page(noun, limit=3)) == [f"{prefix}{number}" for number in range(3)]
        assert list(await book.page(noun, limit=3, after=f"{prefix}2")) == [f"{prefix}{n}" for n in (3, 4)]
        assert await book.page(noun, after=f"{prefix}4") == {}


async def test_an_account_runs_from_the_first_invoiced_subscription_on(database: Database) -> None:
    await begun(database, "billed")
    await begun(database, "free", Origin())
    found = await SqlWorkflowBook(database).page(Noun.ACCOUNT)
    assert (found["of-billed"].runs, found["of-billed"].seq) == (True, 0)
    assert found["of-billed"].next_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert not found["of-free"].runs


async def test_an_account_of_an_earlier_version_is_known_by_what_it_has_done(database: Database) -> None:
    customer = Customer(AccountsInSql(database))
    await customer.write(row(JANUARY.start))
    assert not (await SqlWorkflowBook(database).of(Noun.ACCOUNT, [CUSTOMER]))[CUSTOMER].runs
    await customer.close()
    await customer.record(issued(1, "fabrikam-000001", "10.00"))
    booked = (await SqlWorkflowBook(database).of(Noun.ACCOUNT, [CUSTOMER]))[CUSTOMER]
    assert (booked.runs, booked.seq, booked.next_at) == (True, 1, datetime(2026, 3, 1, tzinfo=UTC))


async def test_a_delivery_runs_until_the_last_event_is_done(database: Database) -> None:
    await stock(database)
    await ended(database, "untold")
    await list_publishers(database, publishers_at("https://contoso.example/webhooks", contoso={}))
    await ended(database, "told")
    await begun(database, "living", Origin())
    book, outbox = SqlWorkflowBook(database), SqlOutbox(database)
    found = await book.page(Noun.DELIVERY)
    assert {each: booked.runs for each, booked in found.items()} == {"told": True, "untold": False}
    for _ in range(2):
        assert (await book.of(Noun.DELIVERY, ["told"]))["told"].runs
        pending = await outbox.next("told", "contoso")
        assert pending is not None
        await outbox.record_outcome(pending, "contoso", NotificationStatus.DELIVERED, START)
    assert not (await book.of(Noun.DELIVERY, ["told"]))["told"].runs
    assert list(await book.page(Noun.DELIVERY)) == ["untold"]


async def test_what_an_earlier_version_recorded_has_no_milestone(database: Database) -> None:
    await begun(database, "s-1")
    await change(database, "UPDATE subscription SET next_at = NULL, invoiced = NULL, test_clock = NULL")
    booked = (await SqlWorkflowBook(database).page(Noun.SUBSCRIPTION))["s-1"]
    assert (booked.next_at, booked.test_clock) == (None, False)
    assert await SqlWorkflowBook(database).overdue(datetime(2100, 1, 1, tzinfo=UTC)) == 0
