"""What an account's activities tell subscriptions, and what they note of it (MON-6, SUS-9); whose account is opened."""

import asyncio
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import fan_out
from activities.accounts.activities import AccountActivities
from activities.accounts.contracts import (
    AccountReceipt,
    AccountRecordInput,
    CloseInput,
    HoldInput,
    HoldResult,
    LiftInput,
    LookInput,
    OpenAccount,
    ToLift,
)
from activities.accounts.ports import AccountBooks
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.account.holds import SqlNonpaymentHolds
from activities.adapters.sql.account.taxes import SqlTaxes
from activities.adapters.sql.database import Database
from activities.billing.activities import BillingActivities
from activities.errors import (
    BooksConflict,
    BooksUnavailable,
    NotStartedYet,
    NotTaken,
    NotThere,
    ServerUnavailable,
)
from activities.fan_out import AT_ONCE
from domain.account.account import Look, Seen
from domain.account.events import AccountRecord, CloseReceipt
from domain.account.taxing import Taxed
from domain.account.terms import HoldScope
from domain.rules import Rule
from domain.subscription.commands import Cancel, Command, Deprovision, Reactivate, SetAutoRenew, Suspend
from domain.subscription.decision import Answer, Outcome
from domain.subscription.effects import Receipt
from domain.subscription.holds import Reason
from domain.subscription.ledger import Kind
from domain.values import format_instant
from tests.support.books.account import FEBRUARY, JANUARY, AccountsInSql, Customer, closing, issued, row
from tests.support.books.player import Player
from tests.support.books.short_lives import LICENCE, METER, bought, order
from tests.support.books.subscription import InMemory, InSql
from tests.support.instants import DAY, START
from tests.support.paths import ROOT
from tests.support.raw_sql import change, rows
from tests.support.shop.offers import BACKUP

HELD_BY, LIFTED_BY = 5, 9
PATIENCE = timedelta(seconds=30)


class NoBooks:
    """Nothing is closed or recorded here."""

    async def close(self, entry: CloseInput, taxed: Taxed | None = None) -> CloseReceipt:
        raise AssertionError(entry)

    async def look(self, entry: LookInput, taxed: Taxed | None = None) -> Seen:
        raise AssertionError(entry)

    async def late(self, customer_id: str, before: datetime) -> None:
        """Nothing is owed to the books."""

    async def to_tax(self, customer_id: str, before: datetime) -> None:
        """Its buyer is not known."""

    async def record(self, entry: AccountRecordInput) -> AccountReceipt:
        raise AssertionError(entry)


class FailingBooks(NoBooks):
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def close(self, entry: CloseInput, taxed: Taxed | None = None) -> CloseReceipt:
        raise self._error

    async def look(self, entry: LookInput, taxed: Taxed | None = None) -> Seen:
        raise self._error

    async def record(self, entry: AccountRecordInput) -> AccountReceipt:
        raise self._error


class Told:
    """The subscriptions: what each was told, in order, and what it says to that, once or always."""

    def __init__(self, **says: Any) -> None:
        self.commands: list[tuple[str, Command]] = []
        self.says = says
        self.at_once = 0
        self.most_at_once = 0

    async def send(self, subscription_id: str, command: Command) -> Answer | None:
        self.commands.append((subscription_id, command))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        says = self.says.get(subscription_id.replace("-", "_"), Outcome.DONE)
        if isinstance(says, list):
            says = says.pop(0) if says else Outcome.DONE
        if isinstance(says, Exception):
            raise says
        return None if says is None else answered(says)

    @property
    def ids(self) -> list[str]:
        return sorted(subscription_id for subscription_id, _ in self.commands)


def answered(outcome: Outcome) -> Answer:
    return Answer(at=START, do="suspend", outcome=outcome, rule=Rule.SUS_1, message="", seq=2)


def hold(seq: int = HELD_BY, at: datetime | None = None, scope: HoldScope = HoldScope.ALL) -> HoldInput:
    return HoldInput(customer_id="fabrikam", seq=seq, invoice=f"contoso-{seq:06d}", scope=scope, at=at)


def lift(seq: int = LIFTED_BY, at: datetime | None = None, keep: tuple[str, ...] = ()) -> LiftInput:
    return LiftInput(customer_id="fabrikam", seq=seq, keep=keep, at=at)


async def run(perform: Any, argument: Any) -> Any:
    return await ActivityEnvironment().run(perform, argument)


async def lives(database: Database, *ids: str) -> list[Player]:
    return [await bought(InSql(database), LICENCE, each) for each in ids]


async def noted(database: Database) -> list[tuple[Any, ...]]:
    return await rows(database, "SELECT subscription_id, seq, lifted_by FROM nonpayment_hold ORDER BY 1, 2")


def billing(database: Database, books: AccountBooks, told: Told | None = None) -> AccountActivities:
    return AccountActivities(books, SqlNonpaymentHolds(database), told or Told(), PATIENCE, SqlTaxes(database))


def over(database: Database, told: Told) -> AccountActivities:
    return billing(database, NoBooks(), told)


# Hold


async def test_every_licensed_subscription_is_suspended_and_noted(database: Database) -> None:
    """MON-6, SUS-1: by the system, for nonpayment, under the event's id."""
    await lives(database, "s-1", "s-2")
    told = Told()
    assert await run(over(database, told).hold, hold()) == HoldResult(subscriptions=2)
    assert await noted(database) == [("s-1", HELD_BY, None), ("s-2", HELD_BY, None)]
    assert told.ids == ["s-1", "s-2"]
    for _, command in told.commands:
        assert isinstance(command, Suspend)
        assert (command.by, command.actor, command.reason) == ("system", "billing-account", Reason.NONPAYMENT)
        assert (command.command_id, command.at) == (f"nonpayment-{HELD_BY}", None)


async def test_usage_offers_the_ended_and_other_customers_are_left_alone(database: Database) -> None:
    books = InSql(database)
    await bought(books, METER, "meter")
    await bought(books, {**METER, "publisher": "microsoft"}, "compute")
    cancelled = await bought(books, {**LICENCE, "publisher": "partner"}, "cancelled")
    await cancelled.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START + timedelta(hours=1))
    deprovisioned = await bought(books, METER, "deprovisioned")
    await deprovisioned.ask(Deprovision(by="admin_agent"), START + DAY)
    await Player(books, order(LICENCE, "of-tailspin", "tailspin")).perform()
    suspended = await bought(books, LICENCE, "suspended")
    await suspended.ask(Suspend(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START + DAY)
    await lives(database, "active")
    assert cancelled.life.subscription.state.ended
    told = Told()
    assert await run(over(database, told).hold, hold()) == HoldResult(subscriptions=2)
    assert told.ids == ["active", "suspended"]


async def test_only_what_this_hold_suspended_is_noted(database: Database) -> None:
    """SUS-9: who is held for nonpayment already, refuses or has ended meanwhile was not suspended by this."""
    await lives(database, "done", "unchanged", "refused", "ended", "unknown")
    told = Told(unchanged=Outcome.UNCHANGED, refused=Outcome.REFUSED, ended=None, unknown=NotThere("who?"))
    assert await run(over(database, told).hold, hold()) == HoldResult(subscriptions=1)
    assert await noted(database) == [("done", HELD_BY, None)]
    assert len(told.commands) == 5


@pytest.mark.parametrize("trouble", [ServerUnavailable, NotStartedYet, BooksUnavailable])
async def test_who_cannot_be_told_does_not_keep_the_others_from_it(
    database: Database, trouble: type[Exception]
) -> None:
    """The activity is tried again, and tells those alone that are not noted yet."""
    await lives(database, "s-1", "s-2", "s-3")
    told = Told(s_1=[trouble("away")], s_3=[trouble("away"), trouble("away")])
    activities = over(database, told)
    for left in (["s-1", "s-3"], ["s-3"]):
        with pytest.raises(ApplicationError, match="away") as raised:
            await run(activities.hold, hold())
        assert (raised.value.type, raised.value.non_retryable) == (trouble.__name__, False)
        assert {each for each, _, _ in await noted(database)} == {"s-1", "s-2", "s-3"} - set(left)
        told.commands.clear()
    assert await run(activities.hold, hold()) == HoldResult(subscriptions=3)
    assert told.ids == ["s-3"]
    told.commands.clear()
    assert await run(activities.hold, hold()) == HoldResult(subscriptions=3)
    assert told.commands == []


async def test_a_defect_of_one_does_not_keep_the_others_from_it_either(database: Database) -> None:
    await lives(database, "s-1", "s-2", "s-3")
    told = Told(s_1=BooksConflict("odd"))
    with pytest.raises(ApplicationError, match="odd") as raised:
        await run(over(database, told).hold, hold())
    assert raised.value.non_retryable
    assert [each for each, _, _ in await noted(database)] == ["s-2", "s-3"]


async def test_with_a_test_clock_it_is_at_the_accounts_instant(database: Database) -> None:
    await lives(database, "s-1")
    told = Told()
    await run(over(database, told).hold, hold(at=START + 90 * DAY))
    assert [command.at for _, command in told.commands] == [START + 90 * DAY]


async def test_who_is_further_already_decides_at_its_own_now(database: Database) -> None:
    """Its clock runs on in real seconds: what is out of time for it is told again without an instant."""
    await lives(database, "s-1", "s-2")
    told = Told(s_1=[NotTaken("out of time")])
    assert await run(over(database, told).hold, hold(at=START + 90 * DAY)) == HoldResult(subscriptions=2)
    assert [command.at for each, command in told.commands if each == "s-1"] == [START + 90 * DAY, None]
    assert len({command.command_id for _, command in told.commands}) == 1


async def test_who_does_not_take_it_at_all_is_left(database: Database) -> None:
    await lives(database, "s-1", "s-2")
    told = Told(s_1=NotTaken("no"))
    assert await run(over(database, told).hold, hold(at=START)) == HoldResult(subscriptions=1)
    assert [(each, command.at) for each, command in told.commands if each == "s-1"] == [("s-1", START), ("s-1", None)]
    assert await noted(database) == [("s-2", HELD_BY, None)]


async def test_many_are_told_a_few_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is under way beats, so that a dead worker is noticed."""
    monkeypatch.setattr(fan_out, "HEARTBEAT", timedelta(0))
    ids = [f"s-{number}" for number in range(3 * AT_ONCE)]
    await lives(database, *ids)
    told, beats = Told(), []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details[0])
    assert await environment.run(over(database, told).hold, hold()) == HoldResult(subscriptions=len(ids))
    assert told.ids == sorted(ids)
    assert 1 < told.most_at_once <= AT_ONCE
    assert beats == sorted(beats)
    assert 0 < beats[-1] < len(ids), "what is done beats no more"


async def test_a_customer_with_nothing_to_hold(database: Database) -> None:
    told = Told()
    activities = over(database, told)
    assert await run(activities.hold, hold()) == await run(activities.lift, lift()) == HoldResult(subscriptions=0)
    assert told.commands == []


# Lift


async def test_exactly_what_was_held_is_lifted(database: Database) -> None:
    """SUS-9: for nonpayment alone, and nobody whom the account did not suspend."""
    await lives(database, "s-1", "s-2", "held-before")
    held = Told(held_before=Outcome.UNCHANGED)
    await run(over(database, held).hold, hold())
    await lives(database, "bought-since")
    told = Told(s_2=Outcome.REFUSED)
    activities = over(database, told)
    assert await run(activities.lift, lift(LIFTED_BY)) == HoldResult(subscriptions=2)
    assert told.ids == ["s-1", "s-2"]
    for _, command in told.commands:
        assert isinstance(command, Reactivate)
        assert (command.by, command.actor, command.reason) == ("system", "billing-account", Reason.NONPAYMENT)
        assert command.command_id == f"paid-{LIFTED_BY}"
    assert await noted(database) == [("s-1", HELD_BY, LIFTED_BY), ("s-2", HELD_BY, LIFTED_BY)]
    assert await run(activities.lift, lift(LIFTED_BY)) == HoldResult(subscriptions=2)
    assert len(told.commands) == 2


async def test_a_lift_goes_on_where_it_stopped(database: Database) -> None:
    await lives(database, "s-1", "s-2", "s-3")
    told = Told()
    activities = over(database, told)
    await run(activities.hold, hold())
    told.commands.clear()
    told.says = {"s_2": [ServerUnavailable("away")], "s_3": [NotTaken("out of time"), None]}
    with pytest.raises(ApplicationError, match="away"):
        await run(activities.lift, lift(LIFTED_BY, at=START + DAY))
    assert told.ids == ["s-1", "s-2", "s-3", "s-3"]
    told.commands.clear()
    assert await run(activities.lift, lift(LIFTED_BY, at=START + DAY)) == HoldResult(subscriptions=3)
    assert told.ids == ["s-2"]


async def test_held_twice_lifted_once(database: Database) -> None:
    """Two unpaid invoices: whoever was reactivated between them is held by both events, and lifted by one."""
    await lives(database, "s-1", "s-2")
    told = Told(s_2=[Outcome.DONE, Outcome.UNCHANGED])
    activities = over(database, told)
    assert await run(activities.hold, hold(5)) == HoldResult(subscriptions=2)
    assert await run(activities.hold, hold(6)) == HoldResult(subscriptions=2)
    told.commands.clear()
    assert await run(activities.lift, lift(LIFTED_BY)) == HoldResult(subscriptions=2)
    assert told.ids == ["s-1", "s-2"]
    assert [lifted for _, _, lifted in await noted(database)] == [LIFTED_BY] * 4


async def test_what_was_lifted_can_be_held_again(database: Database) -> None:
    await lives(database, "s-1")
    activities = over(database, told := Told())
    for held_by, lifted_by in ((5, 9), (12, 14)):
        assert await run(activities.hold, hold(held_by)) == HoldResult(subscriptions=1)
        assert await run(activities.lift, lift(lifted_by)) == HoldResult(subscriptions=1)
    assert await noted(database) == [("s-1", 5, 9), ("s-1", 12, 14)]
    assert len(told.commands) == 4


async def test_notes_are_taken_once(database: Database) -> None:
    holds, other = SqlNonpaymentHolds(database), hold(5).model_copy(update={"customer_id": "tailspin"})
    await asyncio.gather(*(holds.note_held(hold(5), "s-1", placed=True) for _ in range(3)))
    await holds.note_held(other, "s-1", placed=True)
    assert await holds.count("fabrikam", placed_by=5) == await holds.count("tailspin", placed_by=5) == 1
    await holds.note_lifted(lift(9), "s-1")
    await holds.note_lifted(lift(10), "s-1")
    assert (await holds.count("fabrikam", lifted_by=9), await holds.count("fabrikam", lifted_by=10)) == (1, 0)
    assert await holds.to_lift(lift(11)) == []
    assert await holds.to_lift(lift(11).model_copy(update={"customer_id": "tailspin"})) == [
        ToLift(subscription_id="s-1", kept=False)
    ]


async def two_invoices(database: Database) -> None:
    """Of fabrikam: the first charges s-1, s-2 and meter and credits s-3, the second charges s-2 and s-4."""
    meter = order({**METER, "add_ons": [BACKUP]}, "meter").model_copy(update={"add_ons": {"backup": 1}})
    await Player(InSql(database), meter).perform()
    theirs = Customer(AccountsInSql(database))
    for of, kind in ((1, Kind.CHARGE), (2, Kind.CHARGE), (3, Kind.CREDIT)):
        await theirs.write(row(JANUARY.start, kind=kind), of=of)
    await theirs.close()
    for of in (2, 4):
        await theirs.write(row(FEBRUARY.start), of=of)
    await theirs.close(FEBRUARY)


def hold_for(number: int, seq: int) -> HoldInput:
    entry = hold(seq, scope=HoldScope.UNPAID)
    return entry.model_copy(update={"invoice": f"fabrikam-{number:06d}"})


async def test_mon_9_what_an_invoice_charges_is_held_for_it(database: Database) -> None:
    """Not what it credits, what is on no line of it, a usage offer, or what another invoice charges."""
    await two_invoices(database)
    first, _ = await AccountsInSql(database).documents("fabrikam")
    assert {line.subscription_id for line in first.lines} == {"s-1", "s-2", "s-3", "meter"}
    activities = over(database, told := Told())
    assert await run(activities.hold, hold_for(1, 5)) == HoldResult(subscriptions=2)
    assert told.ids == ["s-1", "s-2"]
    details = {command.details for _, command in told.commands if isinstance(command, Suspend)}
    assert details == {"fabrikam-000001 is not paid"}


async def test_mon_9_what_is_held_for_two_is_lifted_with_the_second(database: Database) -> None:
    await two_invoices(database)
    activities = over(database, told := Told(s_2=[Outcome.DONE, Outcome.UNCHANGED]))
    await run(activities.hold, hold_for(1, 5))
    assert await run(activities.hold, hold_for(2, 6)) == HoldResult(subscriptions=2)
    told.commands.clear()
    assert await run(activities.lift, lift(7, keep=("fabrikam-000002",))) == HoldResult(subscriptions=2)
    assert told.ids == ["s-1"]
    assert await noted(database) == [("s-1", 5, 7), ("s-2", 5, 7), ("s-2", 6, None), ("s-4", 6, None)]
    assert await run(activities.lift, lift(8)) == HoldResult(subscriptions=2)
    assert told.ids == ["s-1", "s-2", "s-4"]


async def test_mon_9_a_lift_that_was_cut_off_lifts_the_same(database: Database) -> None:
    """Before a note is taken, and between two notes: what is tried again lifts what was held for that invoice."""
    await two_invoices(database)
    activities = over(database, told := Told(s_2=[Outcome.DONE, Outcome.UNCHANGED]))
    await run(activities.hold, hold_for(1, 5))
    await run(activities.hold, hold_for(2, 6))
    told.commands.clear()
    told.says = {"s_1": [ServerUnavailable("away")]}
    entry = lift(7, keep=("fabrikam-000002",))
    with pytest.raises(ApplicationError, match="away"):
        await run(activities.lift, entry)
    assert await run(activities.lift, entry) == HoldResult(subscriptions=2)
    assert await run(activities.lift, entry) == HoldResult(subscriptions=2)
    assert told.ids == ["s-1", "s-1"]


async def test_mon_9_what_a_service_holds_is_not_held_for_an_invoice(database: Database) -> None:
    await two_invoices(database)
    activities = over(database, told := Told(s_1=Outcome.UNCHANGED))
    assert await run(activities.hold, hold_for(1, 5)) == HoldResult(subscriptions=1)
    told.commands.clear()
    await run(activities.lift, lift(7))
    assert told.ids == ["s-2"]


async def test_mon_9_a_hold_of_an_unknown_invoice_is_lifted_with_the_last(database: Database) -> None:
    """What an older version has placed, where the event that did it is gone."""
    await two_invoices(database)
    activities = over(database, told := Told())
    await run(activities.hold, hold_for(1, 5))
    await change(database, "UPDATE nonpayment_hold SET invoice_id = NULL WHERE subscription_id = 's-1'")
    told.commands.clear()
    await run(activities.lift, lift(7, keep=("fabrikam-000002",)))
    assert told.ids == ["s-2"]
    await run(activities.lift, lift(8))
    assert told.ids == ["s-1", "s-2"]


# Close and record


async def test_a_month_is_closed_and_events_are_recorded(database: Database) -> None:
    customer = Customer(AccountsInSql(database))
    await customer.write(row(START))
    activities = billing(database, SqlAccountBooks(database))
    receipt = await run(activities.close, closing())
    assert [head.invoice for head in receipt.invoices] == ["fabrikam-000001"]
    assert await run(activities.close, closing()) == receipt
    event = issued(1, "fabrikam-000001", "10.00")
    entry = AccountRecordInput(customer_id="fabrikam", record=AccountRecord(events=(event,)))
    for _ in range(2):
        assert await run(activities.record, entry) == AccountReceipt()
    assert await customer.events() == [event]
    with pytest.raises(ApplicationError, match="already closed with other content") as raised:
        await run(activities.close, closing(due_at=START))
    assert (raised.value.type, raised.value.non_retryable) == ("BooksConflict", True)


async def test_mon_5_a_month_is_closed_and_dunning_decided_on_all_that_was_due_before(database: Database) -> None:
    """What is due at the month's end belongs to the next one. After its patience the account goes on without."""
    customer = Customer(AccountsInSql(database))
    await customer.write(row(START))
    activities = billing(database, SqlAccountBooks(database))
    end = closing().close.period.end
    looking = LookInput(customer_id="fabrikam", look=Look(at=end, until=end, seq=1))
    late = end - timedelta.resolution
    await change(database, f"UPDATE subscription SET next_at = '{format_instant(late)}'")
    for perform, entry in ((activities.close, closing()), (activities.look, looking)):
        with pytest.raises(ApplicationError, match=f"s-1: what is due at {format_instant(late)} is to come") as raised:
            await run(perform, entry)
        assert (raised.value.type, raised.value.non_retryable) == ("RowsToCome", True)
        assert await run(perform, entry.model_copy(update={"waited": PATIENCE})) is not None
    await change(database, f"UPDATE subscription SET next_at = '{format_instant(end)}'")
    assert await run(activities.look, looking) is not None


@pytest.mark.parametrize(("error", "retryable"), [(BooksConflict("no"), False), (BooksUnavailable("no"), True)])
async def test_what_is_tried_again(database: Database, error: Exception, retryable: bool) -> None:
    activities = billing(database, FailingBooks(error))
    entry = AccountRecordInput(customer_id="f", record=AccountRecord(events=(issued(1, "f-1", "1"),)))
    for perform, argument in ((activities.close, closing()), (activities.record, entry)):
        with pytest.raises(ApplicationError, match="no") as raised:
            await run(perform, argument)
        assert (raised.value.type, raised.value.non_retryable) == (type(error).__name__, not retryable)


def test_the_activities_have_their_public_names() -> None:
    methods = tuple(getattr(AccountActivities, name) for name in ("close", "look", "record", "hold", "lift"))
    names = [definition.name for method in methods if (definition := activity._Definition.from_callable(method))]
    assert names == ["close_month", "look_at_uninvoiced", "record_account", "hold_for_nonpayment", "lift_nonpayment"]


def test_a_workflow_can_import_them_without_a_database() -> None:
    program = "import sys, activities.accounts; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert not {"sqlalchemy", "alembic", "sqlite3"} & set(ran.stdout.split())


# Whose account is opened


class Opener:
    """Where accounts live: what was opened, after how much was in the books, and what was told of overdue ones."""

    def __init__(self, books: InMemory, *failures: Exception, overdue: bool = False) -> None:
        self.opened: list[tuple[OpenAccount, int]] = []
        self.told: list[tuple[str, datetime]] = []
        self._books = books
        self._failures = list(failures)
        self._overdue = overdue

    async def overdue(self, customer_id: str) -> bool:
        return self._overdue

    async def tell_of_rows(self, customer_id: str, at: datetime) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.told.append((customer_id, at))

    async def open(self, account: OpenAccount) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.opened.append((account, len(await self._books.events("s-1"))))


async def test_an_account_is_opened_with_a_lifes_first_decision_only() -> None:
    """MON-5: once it is in the books, so that no month is closed without it."""
    player = await bought(InMemory(), LICENCE)
    await player.advance(START + 70 * DAY)
    first, *others = (entry for entry, _ in player.recorded)
    account = OpenAccount.of(player.life.subscription, DAY)
    assert (account.customer_id, account.policy, account.at, account.ahead_by) == ("fabrikam", "csp-2019", START, DAY)
    books = InMemory()
    opener = Opener(books)
    activities = BillingActivities(books, opener, opener)
    receipt = await run(activities.record, first.model_copy(update={"opens": account}))
    assert receipt == Receipt(seq=1)
    for entry in others:
        await run(activities.record, entry)
    assert others
    assert opener.opened == [(account, 1)]


async def test_an_account_that_cannot_be_opened_now_is_opened_by_the_next_try() -> None:
    """The decision is recorded once: both can be done again."""
    first = (await bought(InMemory(), LICENCE)).recorded[0][0]
    account = OpenAccount(customer_id="fabrikam", policy="csp-2019", at=START)
    books = InMemory()
    opener = Opener(books, ServerUnavailable("away"))
    activities = BillingActivities(books, opener, opener)
    entry = first.model_copy(update={"opens": account})
    with pytest.raises(ApplicationError, match="away") as raised:
        await run(activities.record, entry)
    assert (raised.value.type, raised.value.non_retryable) == ("ServerUnavailable", False)
    assert opener.opened == []
    for _ in range(2):
        assert await run(activities.record, entry) == Receipt(seq=1)
    assert opener.opened == [(account, 1), (account, 1)]
    assert len(await books.rows("s-1")) == 1


async def test_what_opens_the_account_is_not_of_the_decisions_content(database: Database) -> None:
    """MON-2: a program that knew no accounts wrote the same decision."""
    player = await bought(InSql(database), LICENCE)
    (entry, receipt) = player.recorded[0]
    account = OpenAccount(customer_id="fabrikam", policy="csp-2019", at=START)
    assert await InSql(database).record(entry.model_copy(update={"opens": account})) == receipt


@pytest.mark.parametrize("overdue", [True, False])
async def test_mon_8_an_account_is_told_of_what_is_billed_where_an_invoice_is_overdue(overdue: bool) -> None:
    """Of each decision that writes rows, dated like it; of nothing else."""
    player = await bought(InMemory(), LICENCE)
    await player.ask(SetAutoRenew(by="admin_agent", enabled=False, command_id="c-1"), START + DAY)
    await player.ask(SetAutoRenew(by="admin_agent", enabled=True, command_id="c-2"), START + 2 * DAY)
    await player.advance(START + 70 * DAY)
    books = InMemory()
    opener = Opener(books, overdue=overdue)
    activities = BillingActivities(books, opener, opener)
    entries = [entry for entry, _ in player.recorded]
    for entry in entries:
        await run(activities.record, entry.model_copy(update={"opens": None}))
    billed = [event.at for entry in entries for event in entry.record.events if event.rows]
    assert len(entries) > len(billed) > 1
    assert opener.told == ([("fabrikam", at) for at in billed] if overdue else [])


async def test_mon_8_a_decision_is_recorded_once_and_the_account_told_until_it_is() -> None:
    first = (await bought(InMemory(), LICENCE)).recorded[0][0].model_copy(update={"opens": None})
    books = InMemory()
    opener = Opener(books, ServerUnavailable("away"), overdue=True)
    activities = BillingActivities(books, opener, opener)
    with pytest.raises(ApplicationError, match="away"):
        await run(activities.record, first)
    assert len(await books.events("s-1")) == 1
    assert await run(activities.record, first) == Receipt(seq=1)
    assert (len(await books.events("s-1")), opener.told) == (1, [("fabrikam", START)])
