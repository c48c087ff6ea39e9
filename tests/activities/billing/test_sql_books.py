"""What only books on disk can do wrong: order, races, crashes, locks, and rows that somebody changes."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from activities.adapters.sql.database import Database
from activities.billing.contracts import RecordInput
from activities.errors import BooksConflict, BooksUnavailable, SchemaMismatch
from domain.rules import Rule
from domain.subscription.commands import Deprovision, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.effects import Record
from domain.subscription.events import State
from domain.subscription.holds import Reason
from tests.support.books.player import LIVING, Player
from tests.support.books.short_lives import LICENCE, METER, bought, order, report, taken
from tests.support.books.subscription import InMemory, InSql
from tests.support.instants import DAY, START
from tests.support.paths import ROOT
from tests.support.raw_sql import rows

TABLES = ("subscription", "decision", "journal", "ledger_entry", "outbox")


async def counts(database: Database) -> list[int]:
    return [(await rows(database, f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES]


async def entries(days: int) -> list[RecordInput]:
    """The decisions of a licence's first days, of its own books in memory."""
    player = await bought(InMemory(), LICENCE)
    await player.advance(START + days * DAY)
    return [entry for entry, _ in player.recorded]


async def test_a_decision_that_skips_one_is_a_conflict(database: Database) -> None:
    first, second, third = await entries(70)
    books = InSql(database)
    with pytest.raises(BooksConflict, match="Event 2 cannot follow event 0: 1 is missing"):
        await books.record(second)
    await books.record(first)
    with pytest.raises(BooksConflict, match="Event 3 cannot follow event 1: 2 is missing"):
        await books.record(third)
    assert await counts(database) == [1, 1, 1, 1, 1]


async def test_a_later_decision_of_another_customer_is_a_conflict(database: Database) -> None:
    """It carries nothing of what was bought, so only the customer shows whose it is."""
    first, second = await entries(40)
    books = InSql(database)
    await books.record(first)
    with pytest.raises(BooksConflict, match="Event 2 of s-1 is of customer tailspin; the subscription is of fabrikam"):
        await books.record(second.model_copy(update={"customer_id": "tailspin"}))
    await books.record(second)
    with pytest.raises(BooksConflict, match="already recorded with other content"):
        await books.record(second.model_copy(update={"customer_id": "tailspin"}))


async def test_a_first_decision_that_does_not_say_what_was_bought_is_a_conflict(database: Database) -> None:
    (first,) = await entries(0)
    with pytest.raises(BooksConflict, match="Event 1 of s-1 does not say what was bought"):
        await InSql(database).record(first.model_copy(update={"about": None}))
    assert await counts(database) == [0, 0, 0, 0, 0]


async def test_a_decision_is_written_in_full_whatever_its_history_leaves_out(database: Database) -> None:
    """A renewal's input has neither what the books know, nor defaults, nor facts that did not change."""
    books = InSql(database)
    for entry in await entries(40):
        written = entry.model_dump_json()
        read = RecordInput.model_validate_json(written)
        assert read == entry
        await books.record(read)
    bought_as, renewed = [json.loads(each.model_dump_json()) for each in await entries(40)]
    assert bought_as["about"]["offer"]["id"] == LICENCE["id"]
    assert set(renewed) == {"subscription_id", "customer_id", "record", "test_clock"}
    assert set(renewed["record"]) == {"events", "changed"}
    (event,) = renewed["record"]["events"]
    assert set(event) == {"seq", "at", "event", "state", "rule", "by", "after", "rows"}
    assert [each.model_dump() for each in await books.events("s-1")] == [
        event.model_dump() for entry in await entries(40) for event in entry.record.events
    ]
    notices = [json.loads(row[0]) for row in await rows(database, "SELECT payload FROM outbox ORDER BY seq")]
    assert [(notice["customer_id"], notice["offer_id"]) for notice in notices] == [("fabrikam", LICENCE["id"])] * 2


async def test_nothing_follows_the_end(database: Database) -> None:
    books = InSql(database)
    player = await bought(books, METER)
    entry = player.recorded[0][0]
    last = entry.record.events[0].model_copy(update={"seq": 2, "state": State.EXPIRED, "rows": ()})
    after = last.model_copy(update={"seq": 3})
    await books.record(player.entry(Record(events=(last,))))
    with pytest.raises(BooksConflict, match=r"the subscription has ended \(expired, LIF-2\)"):
        await books.record(player.entry(Record(events=(after,))))


async def test_another_customers_life_under_the_same_id_is_a_conflict(database: Database) -> None:
    books = InSql(database)
    await bought(books, LICENCE)
    with pytest.raises(BooksConflict, match="other content"):
        await Player(books, order(LICENCE, customer="tailspin")).perform()


async def test_an_amount_beyond_the_column_is_a_conflict(database: Database) -> None:
    (entry,) = await entries(0)
    bought_event = entry.record.events[0]
    row = bought_event.rows[0].model_copy(update={"amount": 10**18})
    with pytest.raises(BooksConflict, match="more than the ledger can hold"):
        await InSql(database).record(
            entry.model_copy(update={"record": Record(events=(bought_event.model_copy(update={"rows": (row,)}),))})
        )
    assert await counts(database) == [0, 0, 0, 0, 0]


async def test_use_1_what_was_accepted_before_the_settlement_is_refused_after_it(database: Database) -> None:
    """Whoever has asked the subscription in time, and writes too late, would not be billed."""
    books = InSql(database)
    player = await bought(books, METER)
    await player.ask(Deprovision(by="admin_agent"), START + DAY)
    answer = await books.report_usage(player.id, report("a", "4"), taken(START + DAY))
    assert answer.outcome is Outcome.DONE
    await player.advance(START + 2 * DAY)
    assert player.life.ended
    late = [report("b", "4"), report("c", "4", corrects="a")]
    answers = [await books.report_usage(player.id, each, taken(START + DAY)) for each in late]
    assert {(answer.outcome, answer.rule, answer.effective_at) for answer in answers} == {
        (Outcome.REFUSED, Rule.USE_1, None)
    }
    # It was counted all the same: nobody had asked for that.
    assert [str(row.quantity) for row in await books.rows(player.id)] == ["4"]


async def test_usage_waits_for_a_journal_that_is_behind(database: Database) -> None:
    books = InSql(database)
    with pytest.raises(BooksUnavailable, match="Event 1 of s-1 is not recorded yet"):
        await books.report_usage("s-1", report("a", "4"), taken(START))
    player = await bought(books, METER)
    with pytest.raises(BooksUnavailable, match="Event 2"):
        await books.report_usage(player.id, report("a", "4"), taken(START, seq=2))


async def test_the_same_decision_from_many_at_once_is_one_row(url: str) -> None:
    (entry,) = await entries(0)
    async with Database(url) as here, Database(url) as there:
        receipts = await asyncio.gather(*(InSql(d).record(entry) for d in (here, there) for _ in range(5)))
        assert len(receipts) == 10
        assert all(receipt == receipts[0] for receipt in receipts)
        assert await counts(here) == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("table", TABLES)
async def test_a_crash_in_the_middle_leaves_nothing_half_done(database: Database, table: str) -> None:
    first, second, _ = await entries(70)
    books = InSql(database)
    await books.record(first)
    before = await counts(database)

    def crash(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith((f"INSERT INTO {table}", f"UPDATE {table}")):
            raise RuntimeError("crashed")

    event.listen(database._engine, "before_cursor_execute", crash)
    with pytest.raises(RuntimeError, match="crashed"):
        await books.record(second)
    event.remove(database._engine, "before_cursor_execute", crash)
    assert await counts(database) == before
    assert (await books.record(second)).seq == 2
    assert await counts(database) == [1, 2, 2, 2, 2]


KILLED = """
import asyncio, os, sys
from sqlalchemy import event
from activities.adapters.sql.subscription.books import SqlBooks
from activities.adapters.sql.database import Database
from activities.billing.contracts import RecordInput

def die(_, __, statement, *___):
    if statement.startswith("INSERT INTO decision"):
        os._exit(9)

async def main():
    database = Database(sys.argv[1])
    event.listen(database._engine, "before_cursor_execute", die)
    await SqlBooks(database).record(RecordInput.model_validate_json(sys.stdin.read()))

asyncio.run(main())
"""


async def test_a_killed_process_leaves_nothing_half_done(database: Database, url: str) -> None:
    (entry,) = await entries(0)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url], input=entry.model_dump_json(), text=True, env=environment
    )
    assert killed.returncode == 9
    assert await counts(database) == [0, 0, 0, 0, 0]
    assert (await InSql(database).record(entry)).seq == 1


async def test_a_locked_database_is_reported_soon_and_to_everybody(url: str, path: Path) -> None:
    (entry,) = await entries(0)
    with sqlite3.connect(path, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        async with Database(url, busy_timeout=timedelta(milliseconds=100)) as database:
            books, began = InSql(database), time.monotonic()
            failures = await asyncio.gather(*(books.record(entry) for _ in range(20)), return_exceptions=True)
            assert time.monotonic() - began < 1
            assert {type(failure) for failure in failures} == {BooksUnavailable}
            assert "database is locked" in str(failures[0])
            # Readers do not wait.
            assert await books.rows("s-1") == []
            holder.execute("ROLLBACK")
            assert (await books.record(entry)).seq == 1
    holder.close()


async def test_a_database_without_our_tables_is_a_schema_mismatch(tmp_path: Path) -> None:
    (entry,) = await entries(0)
    async with Database(f"sqlite:///{tmp_path / 'empty.db'}") as database:
        with pytest.raises(SchemaMismatch, match="no such table: alembic_version"):
            await InSql(database).record(entry)


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "odd.db").write_bytes(b"nothing of the kind" * 100)
    async with Database(f"sqlite:///{tmp_path / 'odd.db'}") as database:
        with pytest.raises(
            BooksUnavailable, match=r"odd\.db is not a usable database \(file is not a database\): restore a backup"
        ):
            await InSql(database).rows("s-1")
    async with Database(f"sqlite:///{tmp_path / 'no' / 'folder.db'}") as database:
        with pytest.raises(BooksUnavailable, match="unable to open database file"):
            await InSql(database).rows("s-1")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET rule = 'X'",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal SELECT * FROM journal",
        "UPDATE ledger_entry SET amount_minor = 1",
        "DELETE FROM ledger_entry",
        "INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry",
        "INSERT OR REPLACE INTO ledger_entry SELECT subscription_id, 2, 1, metered, at, kind, line, quantity, "
        "amount_minor, currency, period_start, period_end, key, tax_class FROM ledger_entry",
    ],
)
async def test_journal_and_ledger_take_new_rows_only(database: Database, path: Path, change: str) -> None:
    player = await bought(InSql(database), LICENCE)
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(change)
    connection.close()
    assert [row.amount for row in await InSql(database).rows(player.id)] == [30]


async def test_it_is_written_for_good(database: Database, path: Path) -> None:
    def pragmas(connection: Any) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    full = 2
    assert await database.write(pragmas) == ["wal", full, 1]


async def test_instants_and_money_are_exact_and_sortable_on_disk(database: Database) -> None:
    player = Player(InSql(database), order({**LICENCE, "currency": "JPY", "unit_price": "1000", "add_ons": []}))
    await player.perform()
    at = START + timedelta(microseconds=1)
    player.life, _ = LIVING.accept(player.life, Suspend(by="admin_agent", reason=Reason.FRAUD), at)
    await player.perform()
    instants = await rows(database, "SELECT at FROM journal ORDER BY at")
    assert instants == [("2026-01-31T09:00:00.000000Z",), ("2026-01-31T09:00:00.000001Z",)]
    assert await rows(database, "SELECT amount_minor, quantity FROM ledger_entry") == [(3000, "3")]
