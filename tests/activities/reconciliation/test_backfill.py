"""Writes that are made again come out as they did, or not at all, in SQLite and PostgreSQL."""

from datetime import timedelta

import pytest

from activities.accounts.contracts import HoldInput, LiftInput, ToLift
from activities.adapters.sql.account.holds import SqlNonpaymentHolds
from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.reconciliation.backfill import SqlBackfill
from activities.adapters.sql.subscription.lives import SqlLives
from activities.billing.contracts import CountInput, KeepInput
from activities.errors import BooksConflict
from activities.orders.contracts import LineStatus, OpenInput, PlaceInput
from activities.provisioning.contracts import Confirmation
from cli.rehearsal.scenario import load
from domain.account.events import CloseReceipt
from domain.account.terms import HoldScope
from domain.rules import Rule
from domain.subscription.commands import ReportUsage, Suspend
from domain.subscription.effects import Access, Counted, CountUsage, Provision
from domain.subscription.holds import Reason
from statemachines.account.holds import hold_command
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.books.account import CUSTOMER, AccountsInSql, Customer, closing, issued, row
from tests.support.books.player import play
from tests.support.books.short_lives import LICENCE, METER, bought, report, taken
from tests.support.books.subscription import CONFIRMED, InMemory, InSql
from tests.support.instants import DAY, START
from tests.support.paths import ROOT
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import listed
from tests.support.shop.orders import stock

LIVES = ROOT / "scenarios" / "lives"
LIFE = parse_scenario(load(LIVES / "frozen-in-the-trial.yaml"))
USAGE = parse_scenario(load(LIVES / "usage-left-when-it-expires.yaml"))


@pytest.fixture
def backfill(database: Database) -> SqlBackfill:
    return SqlBackfill(database)


async def test_a_life_is_written_again_from_any_event_on(database: Database, backfill: SqlBackfill) -> None:
    """MON-2: what is there already is left as it is."""
    lived, _ = await play(LIFE, InMemory(), "s-1")
    books = InSql(database)
    for entry, _ in lived.recorded[:2]:
        await books.record(entry)
    written = [await backfill.write(entry, receipt) for entry, receipt in lived.recorded]
    assert written == [False, False, *(True for _ in lived.recorded[2:])]
    assert await books.events("s-1") == await lived.books.events("s-1")
    assert await books.rows("s-1") == await lived.books.rows("s-1")
    assert not any([await backfill.write(entry, receipt) for entry, receipt in lived.recorded])


async def test_what_does_not_follow_is_refused(database: Database, backfill: SqlBackfill) -> None:
    """Invariant 8, MON-2."""
    lived, _ = await play(LIFE, InMemory(), "s-1")
    with pytest.raises(BooksConflict, match="cannot follow event 0: 1 is missing"):
        await backfill.write(*lived.recorded[1])
    await backfill.write(*lived.recorded[0])
    entry, receipt = lived.recorded[0]
    other = entry.model_copy(update={"customer_id": "somebody-else"})
    with pytest.raises(BooksConflict, match="already recorded with other content"):
        await backfill.write(other, receipt)
    assert await InSql(database).events("s-1") == list(entry.record.events)


async def test_an_event_whose_usage_is_lost_is_not_written(database: Database, backfill: SqlBackfill) -> None:
    """MON-3: else it would bill another amount than the subscription has told."""
    lived, _ = await play(USAGE, InMemory(), "s-1")
    billed = next(number for number, (_, receipt) in enumerate(lived.recorded) if receipt.usage_rows)
    for entry, receipt in lived.recorded[:billed]:
        assert await backfill.write(entry, receipt)
    books = InSql(database)
    before = await books.events("s-1"), await books.rows("s-1")
    with pytest.raises(BooksConflict, match=r"of s-1 has billed usage .* Import its usage again first\."):
        await backfill.write(*lived.recorded[billed])
    assert (await books.events("s-1"), await books.rows("s-1")) == before
    for command, answer in zip(USAGE.commands, lived.answers, strict=True):
        if isinstance(command, ReportUsage) and answer.seq <= before[0][-1].seq:
            await books.report_usage("s-1", command, answer)
    assert await backfill.write(*lived.recorded[billed])
    assert await books.rows("s-1") == (await lived.books.rows("s-1"))[: len(await books.rows("s-1"))]


async def test_what_changed_without_an_event_is_kept_again(database: Database, backfill: SqlBackfill) -> None:
    """BUY-5."""
    lived = await bought(InMemory(), LICENCE)
    kept = KeepInput(subscription_id="s-1", seq=1, changed={"catalog_version": 7})
    with pytest.raises(BooksConflict, match="Event 1 of s-1 is missing"):
        await backfill.write(kept, None)
    await backfill.write(*lived.recorded[0])
    assert [await backfill.write(kept, None) for _ in range(2)] == [True, False]
    assert (await SqlLives(database).restored("s-1")).life.subscription.catalog_version == 7


async def test_a_count_of_usage_is_kept_as_it_was(database: Database, backfill: SqlBackfill) -> None:
    """USE-2: reports that came after it change nothing of it; one that it had must be there."""
    lived = await bought(InMemory(), METER)
    await lived.ask(report("a", "4"), START + DAY)
    await lived.ask(Suspend(by="service", reason=Reason.FRAUD), START + 2 * DAY)
    for entry, receipt in lived.recorded:
        await backfill.write(entry, receipt)
    effect = CountUsage.of(lived.life.subscription, START + 2 * DAY)
    assert effect is not None
    unbilled = lived.life.subscription.unbilled
    assert unbilled is not None
    count, counted = CountInput(subscription_id="s-1", count=effect), Counted(usage=unbilled.usage)
    with pytest.raises(BooksConflict, match=r"After event 2 of s-1 usage was counted that these books lack\. Import"):
        await backfill.write(count, counted)
    books = InSql(database)
    for again in (report("a", "4", START + DAY), report("b", "1", START)):
        await books.report_usage("s-1", again, taken(START + 3 * DAY))
    assert [await backfill.write(count, counted) for _ in range(2)] == [True, False]
    assert (await SqlLives(database).restored("s-1")).life.subscription.unbilled == unbilled


async def test_access_is_logged_again(database: Database, backfill: SqlBackfill) -> None:
    lived = await bought(InMemory(), LICENCE)
    grant = Provision(access=Access.GRANT, at=START, seq=1, quantity=3, add_ons={})
    change, confirmed = lived.change(grant), Confirmation(access=grant.access, confirmed_at=CONFIRMED)
    await backfill.write(*lived.recorded[0])
    assert [await backfill.write(change, confirmed) for _ in range(2)] == [True, False]
    assert [each.start for each in await InSql(database).access("s-1")] == [START]


async def test_a_month_with_other_invoices_is_not_closed(database: Database, backfill: SqlBackfill) -> None:
    """MON-5."""
    theirs = Customer(AccountsInSql(database))
    await theirs.write(row(START))
    entry = closing(CUSTOMER)
    with pytest.raises(BooksConflict, match=f"The month of {CUSTOMER} until .* has other invoices"):
        await backfill.write(entry, CloseReceipt(period=entry.close.period))
    assert (await theirs.documents(), len(await theirs.uninvoiced())) == ([], 1)
    receipt = await theirs.close()
    assert not await backfill.write(entry, receipt)


async def test_a_hold_for_nonpayment_is_on_record_until_it_is_lifted(database: Database, backfill: SqlBackfill) -> None:
    """MON-9, SUS-9: by the account's event that is in these books, for its invoice."""
    theirs = Customer(AccountsInSql(database))
    await theirs.record(*(issued(seq, f"{CUSTOMER}-{seq:06d}", "10.00") for seq in (1, 2, 3, 4)))
    lived = await bought(InMemory(), LICENCE)
    await lived.ask(hold_command(4, None, f"{CUSTOMER}-000004"), START + DAY)
    for entry, receipt in lived.recorded:
        await backfill.write(entry, receipt)
    holds = SqlNonpaymentHolds(database)
    assert await holds.count(CUSTOMER, placed_by=4) == 1
    keeping = LiftInput(customer_id=CUSTOMER, seq=5, keep=(f"{CUSTOMER}-000004",))
    assert (await holds.to_lift(keeping), await backfill.write(keeping, None)) == ([], False)
    lift = LiftInput(customer_id=CUSTOMER, seq=5)
    assert await holds.to_lift(lift) == [ToLift(subscription_id="s-1", kept=False)]
    assert [await backfill.write(lift, None) for _ in range(2)] == [True, False]
    assert (await holds.to_lift(lift), await holds.count(CUSTOMER, lifted_by=5)) == ([], 1)


async def test_a_hold_that_comes_before_its_event_gets_its_invoice_with_the_accounts_own_write(
    database: Database, backfill: SqlBackfill
) -> None:
    """MON-9: clocks of workflows differ, so a subscription's write may come before those of its account."""
    lived = await bought(InMemory(), LICENCE)
    await lived.ask(hold_command(4, None, f"{CUSTOMER}-000001"), START + DAY)
    for entry, receipt in lived.recorded:
        await backfill.write(entry, receipt)
    holds, keep = SqlNonpaymentHolds(database), LiftInput(customer_id=CUSTOMER, seq=5, keep=(f"{CUSTOMER}-000002",))
    assert await holds.to_lift(keep) == [], "it is not known for which invoice"
    own = HoldInput(customer_id=CUSTOMER, seq=4, invoice=f"{CUSTOMER}-000001", scope=HoldScope.UNPAID)
    assert [await backfill.write(own, None) for _ in range(2)] == [True, False]
    assert await holds.to_lift(keep) == [ToLift(subscription_id="s-1", kept=False)]


async def test_what_was_held_for_two_invoices_is_on_record_for_both(database: Database, backfill: SqlBackfill) -> None:
    """MON-9: the second hold changed nothing, so no event of the subscription tells of it."""
    lived = await bought(InMemory(), LICENCE)
    await bought(InSql(database), LICENCE, "not-held")
    await lived.ask(hold_command(4, None, f"{CUSTOMER}-000001"), START + DAY)
    for entry, receipt in lived.recorded:
        await backfill.write(entry, receipt)
    second = HoldInput(customer_id=CUSTOMER, seq=6, invoice=f"{CUSTOMER}-000002", scope=HoldScope.ALL)
    assert [await backfill.write(second, None) for _ in range(2)] == [True, False]
    holds = SqlNonpaymentHolds(database)
    assert (await holds.count(CUSTOMER, placed_by=4), await holds.count(CUSTOMER, placed_by=6)) == (1, 1)


async def test_an_order_is_placed_again_as_it_was(database: Database, backfill: SqlBackfill) -> None:
    """BUY-3: refused lines stay refused, and a placed one that would be refused now is told."""
    orders = SqlOrders(database)
    await stock(database, partner(), customer(), listed())
    entry = OpenInput(request=request({}, {"offer": "unknown"}), at=START)
    places = [PlaceInput(order_id=entry.request.order_id, number=number, at=START) for number in (1, 2)]
    await orders.open(entry)
    results = [await orders.place(place) for place in places]
    assert [result.status for result in results] == [LineStatus.PLACED, LineStatus.REFUSED]
    again = [(entry, None), *zip(places, results, strict=True)]
    assert not any([await backfill.write(*each) for each in again])
    other = OpenInput(request=request({}, {"offer": "unknown"}, order_id="o-2"), at=START + timedelta(days=1))
    assert await backfill.write(other, None)
    lost = places[1].model_copy(update={"order_id": "o-2"})
    with pytest.raises(
        BooksConflict, match=rf"Line 2 of order o-2 was placed, and would be refused now \({Rule.ELG_6}\)"
    ):
        await backfill.write(lost, results[1].model_copy(update={"status": LineStatus.PLACED, "refusal": None}))
    assert await backfill.write(lost, results[1])
    found = await orders.order("o-2")
    assert found is not None
    assert [each.status for each in found.lines] == [LineStatus.WAITING, LineStatus.REFUSED]
