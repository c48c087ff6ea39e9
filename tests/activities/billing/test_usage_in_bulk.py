"""Many usage reports of one subscription: in SQL alone, each id once (MON-7), summed by one charge (MON-3)."""

from decimal import Decimal

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.books import SqlBooks
from activities.billing.contracts import UsageImported
from activities.errors import BooksConflict, BooksUnavailable
from domain.subscription.commands import Deprovision
from tests.support.books.short_lives import METER, bought, report, taken
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START

MANY, BATCH = 100_000, 5_000
NOW = START + DAY


async def test_mon_3_a_hundred_thousand_reports_are_one_charge(database: Database) -> None:
    meter, books = await bought(InSql(database), METER), SqlBooks(database)
    for start in range(0, MANY, BATCH):
        reports = [report(f"u-{number}", "0.01") for number in range(start, start + BATCH)]
        assert await books.report_usages("s-1", reports, taken(NOW)) == UsageImported(recorded=BATCH)
    await meter.advance(START + 40 * DAY)
    (charge,) = await InSql(database).rows("s-1")
    assert (charge.quantity, charge.amount) == (Decimal("1000.00"), Decimal("250.00"))
    assert await InSql(database).unbilled_usage("s-1") == 0


async def test_mon_7_reports_sent_again_count_once(database: Database) -> None:
    await bought(InSql(database), METER)
    books, reports = SqlBooks(database), [report("a", "1"), report("b", "2"), report("a", "1")]
    assert await books.report_usages("s-1", reports, taken(NOW)) == UsageImported(recorded=2, known=1)
    more = [*reports, report("c", "4")]
    assert await books.report_usages("s-1", more, taken(NOW)) == UsageImported(recorded=1, known=3)
    assert await InSql(database).unbilled_usage("s-1") == 7


@pytest.mark.parametrize("again", ["a", "b"])
async def test_mon_7_an_id_with_other_units_leaves_nothing_of_its_batch(database: Database, again: str) -> None:
    await bought(InSql(database), METER)
    books = SqlBooks(database)
    await books.report_usages("s-1", [report("a", "1")], taken(NOW))
    with pytest.raises(BooksConflict, match=f"Usage {again} is already recorded with . units"):
        await books.report_usages("s-1", [report("b", "2"), report(again, "9")], taken(NOW))
    assert await InSql(database).unbilled_usage("s-1") == 1


async def test_use_3_corrections_follow_their_reports_in_one_batch(database: Database) -> None:
    await bought(InSql(database), METER)
    books = SqlBooks(database)
    reports = [report("a", "4"), report("b", "3", corrects="a"), report("c", "1", corrects="b")]
    assert await books.report_usages("s-1", reports, taken(NOW)) == UsageImported(recorded=3)
    assert await books.report_usages("s-1", reports, taken(NOW)) == UsageImported(known=3)
    assert await InSql(database).unbilled_usage("s-1") == 1
    with pytest.raises(BooksConflict, match="usage_id d: .*Correct b instead .USE-3."):
        await books.report_usages("s-1", [report("e", "1"), report("d", "2", corrects="a")], taken(NOW))
    assert await InSql(database).unbilled_usage("s-1") == 1


async def test_use_1_none_is_taken_after_the_settlement_or_before_the_journal_is_written(database: Database) -> None:
    meter, books = await bought(InSql(database), METER), SqlBooks(database)
    with pytest.raises(BooksUnavailable, match="Event 2 of s-1 is not recorded yet"):
        await books.report_usages("s-1", [report("a", "1")], taken(NOW, seq=2))
    await meter.ask(Deprovision(by="admin_agent"), NOW)
    await meter.advance(NOW + DAY)
    with pytest.raises(BooksConflict, match="no more is taken .USE-1."):
        await books.report_usages("s-1", [report("a", "1")], taken(NOW))
    assert await InSql(database).unbilled_usage("s-1") == 0
