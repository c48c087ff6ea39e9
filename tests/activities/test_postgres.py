"""What only a server can do wrong: order of text, turns between processes, locks, lost connections, who may sign in."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from sqlalchemy import Connection, Table, insert, make_url, select

from activities.adapters.sql import postgres as turns
from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.catalog.rows import newest_version
from activities.adapters.sql.database import Database
from activities.adapters.sql.locks import EVERYTHING
from activities.adapters.sql.schema import check_schema, upgrade
from activities.adapters.sql.subscription import claims
from activities.adapters.sql.tables.account import account_event, entry, invoice, invoice_line, payment, posting
from activities.adapters.sql.tables.catalog import catalog_version
from activities.adapters.sql.tables.subscription import claim, journal, ledger_entry
from activities.errors import BooksConflict, BooksUnavailable, SchemaMismatch, WorldError
from domain.catalog.changes import Changes
from domain.ordering.placement import one_per_customer
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.instants import START
from tests.support.postgres_server import KEYED, NoServer, PostgresServer, own_server, stop
from tests.support.raw_sql import change, rows
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import listed
from tests.support.shop.orders import stock

ONE = one_per_customer("fabrikam", "contoso-crm")
KEPT = (journal, ledger_entry, entry, posting, invoice, invoice_line, account_event, payment)
SECRET = "hunter2-and-more"
NOW = timedelta(milliseconds=100)


@pytest_asyncio.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    async with Database(postgres_url) as opened:
        yield opened


@pytest.fixture
def outsider(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Somebody with a session of their own, and no manners."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def mortal() -> Iterator[tuple[PostgresServer, Any]]:
    """A server that a test may stop, and may make users on."""
    try:
        with own_server() as started:
            yield started
    except NoServer as none:
        pytest.skip(str(none))


def nothing(connection: Connection) -> None:
    """A transaction without a statement."""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET seq = seq",
        "UPDATE {} SET seq = 1 WHERE false",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "TRUNCATE subscription CASCADE",
        "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT DO NOTHING; DELETE FROM {0}",
        "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT (subscription_id, {1}) DO UPDATE SET seq = 2",
    ],
)
@pytest.mark.parametrize(("table", "key"), [("journal", "seq"), ("ledger_entry", "seq, position")])
async def test_journal_and_ledger_take_new_rows_only(database: Database, statement: str, table: str, key: str) -> None:
    """MON-2."""
    await bought(InSql(database), LICENCE)
    with pytest.raises(BooksConflict, match=r"The database refuses this: \w+ is append-only\."):
        await change(database, statement.format(table, key))
    assert len(await rows(database, f"SELECT * FROM {table}")) == 1


@pytest.mark.parametrize("how", ["UPDATE {0} SET {1} = {1} WHERE false", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
@pytest.mark.parametrize("table", KEPT, ids=[table.name for table in KEPT])
async def test_so_does_whatever_moves_money(database: Database, table: Table, how: str) -> None:
    """MON-2, MON-5: also where there is no row, since triggers are the statement's."""
    with pytest.raises(BooksConflict, match=f"The database refuses this: {table.name} is append-only"):
        await change(database, how.format(table.name, next(iter(table.c)).name))


async def test_an_entry_balances_and_is_sealed(database: Database) -> None:
    """MON-5: the database's own word, as on SQLite."""
    sides = "INSERT INTO posting VALUES ('e', 0, 'receivable', 'USD', 5), ('e', 1, 'revenue', 'USD', -{})"
    head = "INSERT INTO entry VALUES ('e', 'fabrikam', '2026-01-31T09:00:00.000000Z', 'charge')"
    for statements, words in {
        (sides.format(4), head): "an entry balances in each currency",
        (head,): "an entry balances in each currency",
        (sides.format(5),): "foreign key",
        (sides.format(5), head, "INSERT INTO posting VALUES ('e', 2, 'credit', 'USD', 1)"): "nothing is added",
    }.items():
        with pytest.raises(BooksConflict, match=f"The database refuses this: .*{words}"):
            await change(database, *statements)
    await change(database, sides.format(5), head)
    assert len(await rows(database, "SELECT * FROM posting")) == 2


@pytest.mark.parametrize("first", ["who seals", "who adds"])
async def test_nor_is_an_entry_unbalanced_by_two_at_once(
    database: Database, postgres_url: str, outsider: psycopg.Connection, first: str
) -> None:
    """MON-5: neither sees the other's rows when it writes its own."""
    with psycopg.connect(postgres_url) as other, closing(outsider.cursor()) as sealing:
        sealing.execute("BEGIN")
        sealing.execute("INSERT INTO posting VALUES ('e', 0, 'receivable', 'USD', 5), ('e', 1, 'revenue', 'USD', -5)")
        sealing.execute("INSERT INTO entry VALUES ('e', 'fabrikam', '2026-01-31T09:00:00.000000Z', 'charge')")
        other.execute("INSERT INTO posting VALUES ('e', 2, 'credit', 'USD', 7)")
        if first == "who seals":
            sealing.execute("COMMIT")
        with pytest.raises(psycopg.IntegrityError):
            other.commit()
        if first == "who adds":
            sealing.execute("COMMIT")
    assert await rows(database, "SELECT position, amount_minor FROM posting ORDER BY position") == [(0, 5), (1, -5)]


async def test_every_text_sorts_by_its_bytes(database: Database) -> None:
    """Whatever the server's own order is: pages go on after an id, and instants sort as time does."""
    found = await rows(
        database,
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type IN ('character varying', 'text') AND collation_name IS DISTINCT FROM 'C'",
    )
    assert found == []
    ids = ["-", "0", "A", "Z", "_", "a", "a-b", "aB", "ab", "z"]
    await stock(database, *(listed(id=name) for name in sorted(ids, key=str.lower)))
    catalog, pages, after = SqlCatalog(database), [], None
    while page := await catalog.page(limit=3, after=after):
        pages += [offer.id for offer in page]
        after = pages[-1]
    assert pages == ids


async def test_writers_in_several_processes_take_turns(database: Database, postgres_url: str) -> None:
    """Each decides on what the one before has left; as two workers do."""

    def count_on(connection: Connection) -> None:
        number = newest_version(connection) + 1
        time.sleep(0.002)
        columns = {"number": number, "at": START, "source": "a test", "changes": Changes()}
        connection.execute(insert(catalog_version).values(columns))

    async with Database(postgres_url) as second, Database(postgres_url) as third:
        every = (database, second, third)
        await asyncio.gather(*(every[n % 3].write(count_on) for n in range(60)))
    assert await database.read(newest_version) == 60


async def test_a_claim_that_is_taken_meanwhile_is_seen(database: Database, postgres_url: str) -> None:
    """ELG-1: the second waits, and then finds the first one's claim, not a constraint."""
    inside, seen = threading.Event(), []

    def first(connection: Connection) -> None:
        claims.take(connection, "s-1", [ONE])
        inside.set()
        time.sleep(0.2)

    def second(connection: Connection) -> None:
        seen.append(claims.holders(connection, [ONE.key]))

    async with Database(postgres_url) as other:
        taking = asyncio.ensure_future(database.write(first))
        await asyncio.to_thread(inside.wait)
        # Readers neither wait nor see it yet.
        assert await other.read(claims.holders, [ONE.key]) == {}
        await asyncio.gather(taking, other.write(second))
    assert seen == [{ONE.key: "s-1"}]


async def test_a_read_sees_one_state_throughout(database: Database, postgres_url: str) -> None:
    asked, written = threading.Event(), threading.Event()

    def twice(connection: Connection) -> list[Any]:
        before = connection.scalars(select(claim.c.key)).all()
        asked.set()
        written.wait(5)
        return [before, connection.scalars(select(claim.c.key)).all()]

    async with Database(postgres_url) as other:
        reading = asyncio.ensure_future(database.read(twice))
        await asyncio.to_thread(asked.wait)
        await other.write(claims.take, "s-1", [ONE])
        written.set()
        assert await reading == [[], []]
    with pytest.raises(BooksUnavailable, match="read-only transaction"):
        await database.read(claims.take, "s-2", [ONE])


@pytest.mark.parametrize("level", ["off", "local", "remote_write", "on", "remote_apply"])
@pytest.mark.parametrize("owner", ["DATABASE", "ROLE", "ROLE IN DATABASE"])
async def test_a_commit_is_on_disk_whatever_the_default_is(
    database: Database, postgres_url: str, outsider: psycopg.Connection, level: str, owner: str
) -> None:
    """`off` loses the last answered commands when the server crashes; what is stricter than `on` stays."""
    (name, user) = outsider.execute("SELECT current_database(), current_user").fetchone() or ()
    place = {
        "DATABASE": sql.SQL("DATABASE {0}"),
        "ROLE": sql.SQL("ROLE {1}"),
        "ROLE IN DATABASE": sql.SQL("ROLE {1} IN DATABASE {0}"),
    }[owner].format(sql.Identifier(name), sql.Identifier(user))
    outsider.execute(sql.SQL("ALTER {} SET synchronous_commit = {}").format(place, level))
    try:
        async with Database(postgres_url) as opened:
            assert await rows(opened, "SHOW synchronous_commit") == [(level,)]
            expected = level if level == "remote_apply" else "on"
            assert await opened.write(_synchronous_commit) == expected
            # Also behind a pooler that hands out a session which somebody has changed.
            assert await opened.write(_change_session) == "off"
            assert await opened.write(_synchronous_commit) == "on"
    finally:
        outsider.execute(sql.SQL("ALTER {} RESET synchronous_commit").format(place))


def _synchronous_commit(connection: Connection) -> Any:
    return connection.exec_driver_sql("SHOW synchronous_commit").scalar()


def _change_session(connection: Connection) -> Any:
    connection.exec_driver_sql("SET SESSION synchronous_commit = off")
    return _synchronous_commit(connection)


async def test_who_waits_for_their_turn_is_told_soon(postgres_url: str, outsider: psycopg.Connection) -> None:
    outsider.execute(f"SELECT pg_advisory_lock({EVERYTHING.key})")
    async with Database(postgres_url, busy_timeout=NOW) as database:
        began = time.monotonic()
        failures = await asyncio.gather(*(database.write(nothing) for _ in range(20)), return_exceptions=True)
        assert time.monotonic() - began < 1
        assert {type(failure) for failure in failures} == {BooksUnavailable}
        assert str(failures[0]) == (
            "The database cannot be used now (canceling statement due to lock timeout). Try again. If this persists, "
            "check that the server is running, that its disk has room and that nothing holds a lock."
        )
        # Readers do not wait.
        await database.read(nothing)
        outsider.execute(f"SELECT pg_advisory_unlock({EVERYTHING.key})")
        await database.write(claims.take, "s-1", [ONE])


async def test_somebody_elses_lock_is_not_waited_for_long(postgres_url: str, outsider: psycopg.Connection) -> None:
    async with Database(postgres_url, busy_timeout=NOW) as database:
        with outsider.transaction():
            outsider.execute("LOCK TABLE claim")
            for call in (database.write(claims.take, "s-1", [ONE]), database.read(claims.holders, [ONE.key])):
                with pytest.raises(BooksUnavailable, match="lock timeout"):
                    await call


async def test_nobody_keeps_the_turn_for_long(monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    """Neither a statement without end, nor a worker that froze."""
    monkeypatch.setattr(turns, "LONGEST_STATEMENT", 0.1)
    monkeypatch.setattr(turns, "LONGEST_PAUSE", 0.1)
    async with Database(postgres_url) as slow, Database(postgres_url) as other:
        with pytest.raises(BooksUnavailable, match="statement timeout"):
            await rows(slow, "SELECT pg_sleep(5)")
        freezing = asyncio.ensure_future(slow.write(_freeze))
        await asyncio.sleep(0.05)
        await other.write(claims.take, "s-2", [ONE])
        with pytest.raises(BooksUnavailable, match="cannot be used now"):
            await freezing
        assert await slow.read(claims.holders, [ONE.key]) == {ONE.key: "s-2"}


def _freeze(connection: Connection) -> None:
    claims.take(connection, "s-1", [ONE])
    time.sleep(0.5)


async def test_a_connection_that_was_cut_is_made_anew(database: Database, outsider: psycopg.Connection) -> None:
    await database.write(nothing)
    outsider.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'perennial'"
    )
    with pytest.raises(BooksUnavailable, match="cannot be used now"):
        await database.write(claims.take, "s-1", [ONE])
    await database.write(claims.take, "s-1", [ONE])
    assert await database.read(claims.holders, [ONE.key]) == {ONE.key: "s-1"}


async def test_a_server_that_stops_is_unavailable(mortal: tuple[PostgresServer, Any]) -> None:
    server, process = mortal
    url = server.url(server.create())
    await upgrade(url)
    async with Database(url) as database:
        await database.write(claims.take, "s-1", [ONE])
        await asyncio.to_thread(stop, process)
        with pytest.raises(BooksUnavailable, match="cannot be used now"):
            await database.write(nothing)
        with pytest.raises(BooksUnavailable, match="PERENNIAL_DATABASE_URL cannot be opened"):
            await database.write(nothing)
    with pytest.raises(BooksUnavailable, match="PERENNIAL_DATABASE_URL cannot be opened"):
        await upgrade(url)


async def test_whoever_may_not_sign_in_is_told_in_one_line(mortal: tuple[PostgresServer, Any]) -> None:
    server, _ = mortal
    words = "^The database of PERENNIAL_DATABASE_URL cannot be opened [^\n]*{}[^\n]* are correct[.]$"
    server.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'another'").format(sql.Identifier(KEYED)))
    for url, reason in {
        server.url("postgres", username=KEYED, password=SECRET): "password authentication failed",
        server.url("postgres", username=KEYED): "no password supplied",
        server.url("postgres", username="nobody", password=SECRET): 'role "nobody" does not exist',
        server.url("nowhere", password=SECRET): 'database "nowhere" does not exist',
        f"postgresql://someone:{SECRET}@127.0.0.1:1/books": "127.0.0.1",
        f"postgresql://someone:{SECRET}@127.0.0.1:1/books?sslmode=odd": "sslmode",
        f"postgresql://someone:{SECRET}@127.0.0.1:1/books?odd=odd": "odd",
    }.items():
        async with Database(url) as database:
            for call in (database.read(nothing), check_schema(database), upgrade(url)):
                with pytest.raises(BooksUnavailable, match=words.format(reason)) as raised:
                    await call
                assert_hidden(raised.value)
    async with Database(server.url("postgres", username=KEYED, password="another")) as database:
        assert await rows(database, "SELECT current_user") == [(KEYED,)]
        with pytest.raises(BooksUnavailable, match=r"lacks a privilege \(permission denied for table pg_authid\)"):
            await rows(database, "SELECT * FROM pg_authid")


def assert_hidden(error: BaseException) -> None:
    """Neither in the line nor in what a traceback prints of it."""
    assert error.__suppress_context__
    assert error.__cause__ is None
    assert SECRET not in f"{error!r} {error}"


async def test_two_workers_that_start_at_once_set_it_up_once(empty_postgres_url: str) -> None:
    await asyncio.gather(*(upgrade(empty_postgres_url) for _ in range(3)))
    async with Database(empty_postgres_url) as database:
        await check_schema(database)
        await stock(database, partner(), customer(), listed())


async def test_the_upgrade_of_a_large_table_may_take_longer_than_a_write(empty_postgres_url: str) -> None:
    async with Database(empty_postgres_url, migrates=True) as upgrading, Database(empty_postgres_url) as database:
        for limit, others in {"statement_timeout": "5s", "idle_in_transaction_session_timeout": "10s"}.items():
            assert await rows(upgrading, f"SHOW {limit}") == [("0",)]
            assert await rows(database, f"SHOW {limit}") == [(others,)]


async def test_an_upgrade_that_fails_leaves_nothing(empty_postgres_url: str) -> None:
    async with Database(empty_postgres_url, migrates=True) as database:
        await change(database, "CREATE FUNCTION refuse_change_of_append_only() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        with pytest.raises(WorldError, match="cannot change return type"):
            await upgrade(empty_postgres_url)
        with pytest.raises(SchemaMismatch, match="^The database is empty, but revision"):
            await check_schema(database)


async def test_a_database_without_our_tables_is_a_schema_mismatch(empty_postgres_url: str) -> None:
    async with Database(empty_postgres_url) as database:
        with pytest.raises(SchemaMismatch, match='relation "subscription" does not exist'):
            await InSql(database).listed("s-1")
        with pytest.raises(SchemaMismatch, match="^The database is empty, but revision"):
            await check_schema(database)


async def test_what_no_column_can_hold_is_a_conflict(database: Database) -> None:
    for key in ("\0", "k" * 201):
        with pytest.raises(BooksConflict, match="The database refuses this"):
            await database.write(claims.take, "s-1", [ONE.model_copy(update={"key": key})])


def test_a_driver_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BooksUnavailable, match=r"driver cannot be loaded .*pip install 'psycopg\[binary\]'\.$"):
        Database(f"postgresql://someone:{SECRET}@somewhere/books")


async def test_every_name_of_the_scheme_is_taken(postgres_url: str) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg2"):
        url = make_url(postgres_url).set(drivername=scheme).render_as_string(hide_password=False)
        async with Database(url) as database:
            await check_schema(database)
            assert database.file is None
            assert await rows(database, "SHOW application_name") == [("perennial",)]
