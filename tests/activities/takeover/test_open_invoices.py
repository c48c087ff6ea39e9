"""MOV-6 in SQL: what is owed on invoices of another system stands among the others, is audited, and comes back."""

from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from activities.accounts.contracts import AccountOpening, AccountRecordInput, HoldInput, LiftInput
from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.account.books import SqlAccountBooks
from activities.adapters.sql.account.holds import SqlNonpaymentHolds
from activities.adapters.sql.account.reader import SqlAccountReader
from activities.adapters.sql.database import Database
from activities.adapters.sql.takeover.takeovers import SqlTakeovers
from activities.billing.contracts import Origin, RecordInput
from activities.errors import BooksConflict
from activities.takeover.contracts import TakeoverInput
from domain.account.events import AccountRecord
from domain.account.openings import taken_over_id
from domain.account.requests import AccountRequest
from domain.account.terms import HoldScope, terms_of
from domain.takeover.row import TakeoverRow
from statemachines.account.life import AccountLife, AccountSteps
from statemachines.takeover.judging import Plan, judged, named_by
from statemachines.takeover.known import Known, Standing
from tests.support.instants import DAY, instant
from tests.support.raw_sql import alter, change
from tests.support.shop.offers import BACKUP, listed
from tests.support.shop.taken_over import FABRIKAM, decided
from tests.support.shop.takeovers import ACTIVE, AS_OF, HELD, row_of
from tests.support.simulated.customer import a_request

NOW = instant(AS_OF)
CRM = listed(id="crm", add_ons=[BACKUP])
OWED: dict[str, Any] = {
    "number": "2026/0815",
    "currency": "USD",
    "amount": "30.00",
    "issued_at": "2026-02-01T00:00:00Z",
    "due_at": "2026-04-02T00:00:00Z",
}
MORE = {**OWED, "number": "7", "amount": "5.00", "due_at": "2026-05-02T00:00:00Z"}
BY_SYSTEM = [{**hold, "by": "system"} for hold in HELD]
ROWS = (
    row_of(ACTIVE, open_invoices=[OWED]),
    row_of(ACTIVE, subscription_id="s-2", state="suspended", holds=BY_SYSTEM, open_invoices=[MORE, OWED]),
    # The account lifts only its own holds (SUS-9).
    row_of(ACTIVE, subscription_id="s-0", state="suspended", holds=HELD, open_invoices=[OWED]),
    row_of(ACTIVE, subscription_id="s-3"),
)
FIRST, SECOND = (taken_over_id("fabrikam", each["number"]) for each in (OWED, MORE))
OPENING = AccountOpening(customer_id="fabrikam", terms=terms_of("csp-2019"), opened_at=NOW)


class Moved:
    """The books of a customer that has moved in, and its account."""

    def __init__(self, database: Database) -> None:
        self.takeovers = SqlTakeovers(database)
        self.books, self.reader = SqlAccountBooks(database), SqlAccountReader(database)
        self.life: AccountLife | None = None

    async def take(self, rows: tuple[TakeoverRow, ...] = ROWS) -> None:
        self.life = (await self.books.open(OPENING)).life
        for row in rows:
            found = decided(row, Known(CRM, FABRIKAM, 1), NOW)
            entry = RecordInput.of(found.subscription, found.record, Origin(invoiced=True))
            await self.takeovers.take([TakeoverInput(entry=entry)])

    async def plan(self, rows: tuple[TakeoverRow, ...] = ROWS) -> Plan:
        standing: Standing = await self.takeovers.standing(named_by(rows))
        found = judged(rows, standing, NOW, "admin_agent", None)
        assert isinstance(found, Plan), found
        return found

    async def ask(self, request: AccountRequest, at: datetime = NOW) -> None:
        """Decide the request, and record what was decided."""
        assert self.life is not None
        self.life, answer = AccountSteps().accept(self.life, request, at)
        assert not answer.refused, answer.message
        while self.life.effects:
            effect = self.life.effects[0]
            if isinstance(effect, AccountRecord):
                await self.books.record(AccountRecordInput(customer_id="fabrikam", record=effect, test_clock=True))
            self.life = self.life.first_effect_done()

    async def owe(self) -> None:
        (invoices,) = (await self.plan()).invoices.values()
        await self.ask(a_request("take_over_invoices", invoices=[each.model_dump(mode="json") for each in invoices]))


@pytest_asyncio.fixture
async def moved(database: Database) -> Moved:
    it = Moved(database)
    await it.take()
    await it.owe()
    return it


async def test_it_is_owed_once_among_the_invoices_and_in_the_double_entry(moved: Moved) -> None:
    found = await moved.reader.invoices("fabrikam")
    assert [(each.head.invoice, each.head.taken_over, f"{each.head.due}") for each in found] == [
        (FIRST, "2026/0815", "USD 30.00"),
        (SECOND, "7", "USD 5.00"),
    ]
    assert [each.head.invoice for each in await moved.reader.invoices(limit=1, after=FIRST)] == [SECOND]
    whole = await moved.reader.invoice(FIRST)
    assert whole is not None
    assert (whole[0].lines, whole[1].state) == ((), "issued")
    (balance,) = await moved.reader.balances("fabrikam")
    assert (f"{balance.owed}", f"{balance.revenue}", f"{balance.payments}") == ("35.00", "0.00", "0.00")
    entries = await moved.reader.entries("fabrikam")
    sides = [[(side.account, side.amount_minor) for side in entry.postings] for entry in entries]
    assert sorted(sides) == [
        [("receivable", 500), ("opening", -500)],
        [("receivable", 3000), ("opening", -3000)],
    ]
    assert (await moved.plan()).invoices == {}
    assert moved.life is not None
    assert (await moved.books.open(OPENING)).life.account == moved.life.account


async def test_the_audit_finds_nothing_until_somebody_alters_it(database: Database, moved: Moved) -> None:
    await moved.ask(a_request("pay", amount="31.00"), NOW + DAY)
    auditor = SqlAccountAuditor(database, lambda: NOW + DAY)
    (audited,) = await auditor.page()
    assert (audited.violations, audited.invoices, audited.entries) == ((), 2, 3)
    assert await auditor.series() == []
    await alter(database, f"UPDATE invoice SET due_at = '2027-01-01T00:00:00.000000Z' WHERE id = '{FIRST}'")
    (audited,) = await auditor.page()
    assert [each.words for each in audited.violations] == [f"{FIRST} is not as the account has taken it over"]


async def test_mon_9_it_holds_what_it_charges_and_lifts_what_was_held_for_it(database: Database, moved: Moved) -> None:
    holds = SqlNonpaymentHolds(database)
    assert await holds.count("fabrikam", placed_by=1) == 1
    by_it = HoldInput(customer_id="fabrikam", seq=9, invoice=FIRST, scope=HoldScope.UNPAID)
    assert await holds.to_hold(by_it) == ["s-0", "s-1", "s-2"]
    assert await holds.to_hold(by_it.model_copy(update={"invoice": SECOND})) == ["s-2"]
    assert [each.subscription_id for each in await holds.to_lift(LiftInput(customer_id="fabrikam", seq=9))] == ["s-2"]


async def test_mov_5_what_is_still_owed_comes_back_with_each_subscription_that_it_charges(moved: Moved) -> None:
    await moved.ask(a_request("pay", amount="10.00"), NOW + DAY)
    running = {each.subscription.subscription_id: each.open_invoices for each in await moved.takeovers.running()}
    named = {key: [(each.number, f"{each.amount}") for each in invoices] for key, invoices in running.items()}
    first = [("2026/0815", "20.00")]
    assert named == {"s-0": first, "s-1": first, "s-2": [("2026/0815", "20.00"), ("7", "5.00")], "s-3": []}
    assert [await moved.takeovers.unpaid(each) for each in ("fabrikam", None, "nobody")] == [2, 2, 0]


@pytest.mark.parametrize("table", ["invoice", "posting"])
async def test_the_migrated_tables_stay_append_only(database: Database, moved: Moved, table: str) -> None:
    with pytest.raises(BooksConflict, match=f"{table} is append-only"):
        await change(database, f"DELETE FROM {table}")
