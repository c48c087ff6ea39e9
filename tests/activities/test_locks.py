"""On PostgreSQL a transaction waits for those that it could disturb, and for no others (ADR 0012)."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import permutations

import pytest
import pytest_asyncio
from sqlalchemy import Connection, text

from activities.adapters.sql import locks, postgres
from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.catalog.rows import newest_version
from activities.adapters.sql.database import Database
from activities.adapters.sql.locks import Lock
from activities.adapters.sql.notifications.publisher_requests import SqlPublisherRequests
from activities.adapters.sql.orders.carts import SqlCarts
from activities.adapters.sql.orders.orders import SqlOrders
from activities.billing.contracts import Origin, RecordInput
from activities.errors import BooksConflict, BooksUnavailable
from activities.orders.contracts import LineStatus
from domain.catalog.catalog import Contents
from domain.ordering.lines import Line
from domain.subscription.effects import Record
from tests.support.books.account import JANUARY, AccountsInSql, closing, issued, row
from tests.support.books.account import Customer as Account
from tests.support.books.player import LIVING, Player
from tests.support.books.short_lives import LICENCE, METER, order, report, taken
from tests.support.books.subscription import InMemory, InSql
from tests.support.instants import DAY, START
from tests.support.paths import ROOT
from tests.support.raw_sql import rows
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import listed
from tests.support.shop.orders import placed, started, stock

SOON = timedelta(milliseconds=200)
PATIENCE = 60.0
THEIRS, OTHERS = "fabrikam", "tailspin"


@pytest_asyncio.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    """The worker that must not wait: what it waits for in vain ends soon."""
    async with Database(postgres_url, busy_timeout=SOON) as opened:
        yield opened


@pytest_asyncio.fixture
async def workers(monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> AsyncIterator[list[Database]]:
    """Three workers, each with writers of its own, that wait as long as it takes on a busy machine."""
    monkeypatch.setattr(postgres, "LONGEST_STATEMENT", PATIENCE)
    monkeypatch.setattr(postgres, "LONGEST_PAUSE", PATIENCE)
    async with patient(postgres_url) as one, patient(postgres_url) as two, patient(postgres_url) as three:
        yield [one, two, three]


def patient(url: str) -> Database:
    return Database(url, busy_timeout=timedelta(seconds=PATIENCE))


@asynccontextmanager
async def held(url: str, *wanted: Lock) -> AsyncIterator[None]:
    """Somebody else's transaction, open all the while, that has these locks."""
    inside, over = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        inside.set()
        assert over.wait(PATIENCE)

    async with Database(url) as somebody:
        writing = somebody.write_under(wanted, wait) if wanted else somebody.write(wait)
        waiting = asyncio.ensure_future(writing)
        assert await asyncio.to_thread(inside.wait, PATIENCE)
        try:
            yield
        finally:
            over.set()
            await waiting


async def decisions(subscription_id: str = "s-1", customer_id: str = THEIRS, days: int = 0) -> list[RecordInput]:
    """The decisions of a licence's first days."""
    player = Player(InMemory(), order(LICENCE, subscription_id, customer_id))
    await player.advance(START + days * DAY)
    return [entry for entry, _ in player.recorded]


async def recorded(database: Database, subscription_id: str, customer_id: str) -> None:
    for entry in await decisions(subscription_id, customer_id):
        await InSql(database).record(entry)


async def audited(database: Database) -> None:
    """Invoices, double entry and series are as they must be."""
    auditor = SqlAccountAuditor(database)
    found = await auditor.page(limit=500)
    assert found
    assert [violation for each in found for violation in each.violations] == []
    assert await auditor.series() == []


async def test_two_customers_do_not_wait_for_each_other(database: Database, postgres_url: str) -> None:
    """Whatever is written for one: a purchase, an account's month, an order, a cart."""
    await stock(database, partner(), customer(), customer(id=OTHERS), listed())
    async with held(postgres_url, locks.order("o-1"), locks.customer(THEIRS), locks.subscription("s-1")):
        with pytest.raises(BooksUnavailable, match="lock timeout"):
            await recorded(database, "s-1", THEIRS)
        with pytest.raises(BooksUnavailable, match="lock timeout"):
            await AccountsInSql(database).close(closing(THEIRS))
        await recorded(database, "t-1", OTHERS)
        await AccountsInSql(database).close(closing(OTHERS))
        (line,) = await placed(SqlOrders(database), request({}, order_id="o-2", customer=OTHERS))
        assert line.status is LineStatus.PLACED
        await SqlCarts(database).add(OTHERS, "cart-1", Line(offer="contoso-crm"), START)
    await recorded(database, "s-1", THEIRS)


async def test_a_crowd_that_waits_for_one_customer_holds_nobody_up(postgres_url: str) -> None:
    """Those who wait take some of a worker's writers, never all."""
    async with patient(postgres_url) as database:
        async with held(postgres_url, locks.customer(THEIRS)):
            # A customer and a subscription may have the same name.
            names = [THEIRS, *(f"s-{number}" for number in range(39))]
            crowd = [asyncio.ensure_future(recorded(database, name, THEIRS)) for name in names]
            await asyncio.sleep(0.1)
            await recorded(database, "t-1", OTHERS)
            assert not any(one.done() for one in crowd)
        await asyncio.gather(*crowd)
    async with Database(postgres_url) as database:
        assert await rows(database, "SELECT count(*) FROM subscription") == [(41,)]


async def test_readers_wait_for_nobody(database: Database, postgres_url: str) -> None:
    await recorded(database, "s-1", THEIRS)
    async with held(postgres_url):
        assert len(await InSql(database).events("s-1")) == 1


async def test_subscriptions_of_one_customer_do_not_wait_for_each_other(database: Database, postgres_url: str) -> None:
    await recorded(database, "s-1", THEIRS)
    async with held(postgres_url, locks.one_of(THEIRS), locks.subscription("s-1")):
        await recorded(database, "s-2", THEIRS)
        for again in await decisions("s-1"):
            with pytest.raises(BooksUnavailable, match="lock timeout"):
                await InSql(database).record(again)
        # The account sees them all.
        with pytest.raises(BooksUnavailable, match="lock timeout"):
            await AccountsInSql(database).close(closing(THEIRS))


async def test_everything_of_a_subscription_waits_for_it(database: Database, postgres_url: str) -> None:
    books = InSql(database)
    player = Player(books, order(METER))
    await player.perform()
    async with held(postgres_url, locks.subscription(player.id)):
        with pytest.raises(BooksUnavailable, match="lock timeout"):
            await books.report_usage(player.id, report("u-1", "4"), taken(START))
    assert (await books.report_usage(player.id, report("u-1", "4"), taken(START))).outcome == "done"


async def test_an_import_waits_for_all_and_all_wait_for_it(database: Database, postgres_url: str) -> None:
    contents = Contents(partners=(partner(),))
    async with held(postgres_url, locks.customer(THEIRS)):
        with pytest.raises(BooksUnavailable, match="lock timeout"):
            await SqlCatalog(database).import_contents(contents, "a test", START)
    async with held(postgres_url):
        with pytest.raises(BooksUnavailable, match="lock timeout"):
            await recorded(database, "s-1", THEIRS)
    await SqlCatalog(database).import_contents(contents, "a test", START)
    assert await database.read(newest_version) == 1


async def test_a_decision_that_many_record_is_one_row(workers: list[Database]) -> None:
    """Before there is a row to lock, and afterwards."""
    for number, entry in enumerate(await decisions(days=70), start=1):
        receipts = await asyncio.gather(*(InSql(worker).record(entry) for worker in workers for _ in range(4)))
        assert all(receipt == receipts[0] for receipt in receipts)
        assert await rows(workers[0], "SELECT count(*) FROM journal") == [(number,)]


async def test_one_id_for_two_customers_is_one_subscription(workers: list[Database]) -> None:
    entries = [(await decisions("s-1", f"c-{number}"))[0] for number in range(6)]
    answers = await asyncio.gather(
        *(InSql(workers[n % 3]).record(entry) for n, entry in enumerate(entries)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [type(error) for error in refused] == [BooksConflict] * 5
    assert {str(error) for error in refused} == {"Event 1 of s-1 is already recorded with other content (MON-2)."}


async def test_the_first_subscriptions_of_a_customer_open_one_account(workers: list[Database]) -> None:
    lives = [LIVING.begin(order(LICENCE, f"s-{number}")) for number in range(12)]
    entries = [
        RecordInput.of(life.subscription, effect, Origin(invoiced=True, ahead_by=timedelta()))
        for life in lives
        for effect in life.effects
        if isinstance(effect, Record)
    ]
    await asyncio.gather(*(InSql(workers[n % 3]).record(entry) for n, entry in enumerate(entries)))
    assert await rows(workers[0], "SELECT customer_id FROM account") == [(THEIRS,)]
    assert await rows(workers[0], "SELECT count(*) FROM subscription") == [(12,)]


async def test_numbers_of_a_series_have_no_gaps_whoever_closes(workers: list[Database]) -> None:
    """MON-5: twelve customers of one partner close two months each at once, and one of these twice."""
    ids = [f"c-{number}" for number in range(12)]
    await stock(workers[0], partner(), *(customer(id=each) for each in ids))
    accounts = [AccountsInSql(worker) for worker in workers]
    for each in ids:
        await Account(accounts[0], each, prefix=each).write(row(JANUARY.start), row(JANUARY.start + DAY, "2.00"))
    tries = [(n, each) for n in range(3) for each in ids]
    receipts = await asyncio.gather(*(accounts[n].close(closing(each)) for n, each in tries))
    first = dict(zip(ids, receipts, strict=False))
    assert all(receipt == first[each] for (_, each), receipt in zip(tries, receipts, strict=True))
    numbers = await rows(workers[0], "SELECT series, number FROM invoice ORDER BY number")
    assert numbers == [("northwind", number) for number in range(1, 13)]
    await audited(workers[0])


async def test_a_series_whose_close_fails_has_no_gap(workers: list[Database]) -> None:
    """The number that a transaction has taken is free again when it is rolled back."""
    ids = [f"c-{number}" for number in range(6)]
    await stock(workers[0], partner(), *(customer(id=each) for each in ids))
    accounts = [AccountsInSql(worker) for worker in workers]
    for each in ids:
        amount = "10.00" if each != "c-2" else "92233720368547758.07"
        await Account(accounts[0], each, prefix=each).write(
            row(JANUARY.start, amount), row(JANUARY.start + DAY, amount)
        )
    answers = await asyncio.gather(
        *(accounts[n % 3].close(closing(each)) for n, each in enumerate(ids)), return_exceptions=True
    )
    assert [each for each, answer in zip(ids, answers, strict=True) if isinstance(answer, BooksConflict)] == ["c-2"]
    numbers = await rows(workers[0], "SELECT number FROM invoice ORDER BY number")
    assert numbers == [(number,) for number in range(1, 6)]


async def test_a_month_is_closed_while_its_charges_come(workers: list[Database]) -> None:
    """MON-5: each row is on one invoice at most, and none is lost."""
    accounts = [AccountsInSql(worker) for worker in workers]

    async def charged(number: int) -> None:
        account = Account(accounts[number % 3], THEIRS, prefix=f"s-{number}")
        for day in range(5):
            await account.write(row(JANUARY.start + day * DAY))

    async def closed() -> None:
        await accounts[0].close(closing(THEIRS))

    await asyncio.gather(*(charged(number) for number in range(9)), closed())
    on_invoices = await rows(workers[0], "SELECT count(*) FROM invoice_line")
    uninvoiced = await accounts[0].uninvoiced(THEIRS)
    assert on_invoices[0][0] + len(uninvoiced) == 45
    await audited(workers[0])


async def test_an_accounts_events_follow_one_another(workers: list[Database]) -> None:
    """The same event from many is one; of two that claim one number one is a conflict."""
    accounts = [Account(AccountsInSql(worker), THEIRS) for worker in workers]
    await accounts[0].write(row(JANUARY.start))
    (head,) = (await accounts[0].close()).invoices
    event = issued(1, head.invoice, "10.00")
    await asyncio.gather(*(account.record(event) for account in accounts for _ in range(4)))
    others = [event.model_copy(update={"seq": 2, "at": JANUARY.end + n * DAY}) for n in range(3)]
    answers = await asyncio.gather(
        *(account.record(other) for account, other in zip(accounts, others, strict=True)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["AccountReceipt", "BooksConflict", "BooksConflict"]
    assert await rows(workers[0], "SELECT seq FROM account_event ORDER BY seq") == [(1,), (2,)]


async def test_one_order_id_of_two_customers_is_one_order(workers: list[Database]) -> None:
    """BUY-3: the other one is told so, and by no constraint of the database."""
    ids = [f"c-{number}" for number in range(6)]
    await stock(workers[0], partner(), *(customer(id=each) for each in ids), listed())
    answers = await asyncio.gather(
        *(placed(SqlOrders(workers[n % 3]), request({}, customer=each)) for n, each in enumerate(ids)),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["OrderConflict"] * 5 + ["list"]


async def test_one_subscription_id_in_two_orders_is_one_purchase(workers: list[Database]) -> None:
    """BUY-3: lines of six customers name the same id."""
    ids = [f"c-{number}" for number in range(6)]
    await stock(workers[0], partner(), *(customer(id=each) for each in ids), listed())
    answers = await asyncio.gather(
        *(
            placed(SqlOrders(workers[n % 3]), request({"subscription_id": "mine"}, customer=each, order_id=f"o-{n}"))
            for n, each in enumerate(ids)
        )
    )
    lines = [line for (line,) in answers]
    assert sorted(line.status.value for line in lines) == ["placed"] + ["refused"] * 5
    assert {line.refusal.rule for line in lines if line.refusal} == {"BUY-3"}


async def test_a_line_and_a_purchase_without_an_order_share_no_id(workers: list[Database]) -> None:
    """BUY-3: an id is placed, or recorded without an order, whichever comes first."""
    await stock(workers[0], partner(), customer(), listed())
    for number in range(8):
        mine = f"mine-{number}"
        (entry,) = await decisions(mine, OTHERS)
        real = entry.model_copy(update={"test_clock": False})
        wanted = request({"subscription_id": mine}, order_id=f"o-{number}")
        lines, answer = await asyncio.gather(
            placed(SqlOrders(workers[0]), wanted), InSql(workers[1]).record(real), return_exceptions=True
        )
        assert isinstance(lines, list)
        (line,) = lines
        assert (line.status is LineStatus.PLACED) == isinstance(answer, BooksConflict)


async def test_what_is_sold_once_is_sold_once_whoever_sells(workers: list[Database]) -> None:
    """ELG-1, TRI-4: orders of many customers at once, several of each."""
    ids = [f"c-{number}" for number in range(4)]
    await stock(
        workers[0], partner(), *(customer(id=each) for each in ids), listed(one_per_customer=True, trial_days=9)
    )
    wanted = [request({}, order_id=f"{each}-{n}", customer=each) for each in ids for n in range(5)]
    answers = await asyncio.gather(*(placed(SqlOrders(workers[n % 3]), each) for n, each in enumerate(wanted)))
    won = [each.customer for each, (line,) in zip(wanted, answers, strict=True) if line.status is LineStatus.PLACED]
    assert sorted(won) == ids
    assert {line.refusal.rule for (line,) in answers if line.refusal} == {"ELG-1"}


async def test_no_line_of_a_cart_is_lost(workers: list[Database]) -> None:
    """BUY-1."""
    offers = [f"offer-{number}" for number in range(12)]
    await stock(workers[0], partner(), customer(), *(listed(id=each) for each in offers))
    added = [
        SqlCarts(workers[n % 3]).add(THEIRS, f"cart-{n}", Line(offer=each), START) for n, each in enumerate(offers)
    ]
    await asyncio.gather(*added)
    facts = await SqlCarts(workers[0]).facts(THEIRS)
    assert facts is not None
    assert sorted(line.offer for line in facts.cart.lines) == sorted(offers)


async def test_a_publishers_request_is_taken_once(workers: list[Database]) -> None:
    """ISV-5."""
    asked = [SqlPublisherRequests(worker, timedelta(minutes=5)) for worker in workers]
    found = await asyncio.gather(*(asked[n % 3].take("contoso", f"r-{n % 4}", START) for n in range(24)))
    assert found.count(True) == 4


async def test_a_circle_of_waits_is_transient(workers: list[Database]) -> None:
    """Only a program past the adapters makes one: the server ends it, and the call can be repeated."""
    await stock(workers[0], partner(), customer(), customer(id=OTHERS))
    met = threading.Barrier(2)

    def rename(connection: Connection, *ids: str) -> None:
        connection.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
        for each in ids:
            connection.execute(text("UPDATE customer SET record = record WHERE id = :id"), {"id": each})
            if each == ids[0]:
                met.wait(PATIENCE)

    answers = await asyncio.gather(
        workers[0].write_under([], rename, THEIRS, OTHERS),
        workers[1].write_under([], rename, OTHERS, THEIRS),
        return_exceptions=True,
    )
    (error,) = [answer for answer in answers if answer is not None]
    assert isinstance(error, BooksUnavailable)
    assert "deadlock detected" in str(error)


WORKER = """
import asyncio, sys
from activities.adapters.sql import postgres
from tests.activities.test_locks import PATIENCE, patient, sell_and_close

async def main():
    postgres.LONGEST_STATEMENT = postgres.LONGEST_PAUSE = PATIENCE
    async with patient(sys.argv[1]) as database:
        await sell_and_close(database, int(sys.argv[2]))

asyncio.run(main())
"""
PROCESSES, CUSTOMERS, ROUNDS = 3, 4, 4


async def sell_and_close(database: Database, worker: int) -> None:
    """What each worker process does: sells every customer the same, records what is bought, closes their months."""
    orders, accounts = SqlOrders(database), AccountsInSql(database)

    async def serve(customer_id: str) -> None:
        for number in range(ROUNDS):
            order_id = f"{customer_id}-{number}"
            # Every worker sends the same order: who comes first places it, and all record what is placed.
            (line,) = await placed(orders, request({}, order_id=order_id, customer=customer_id))
            if line.status is not LineStatus.REFUSED:
                player = await started(database, order_id)
                await player.advance(START + 40 * DAY)
            await Account(accounts, customer_id, prefix=f"w-{worker}-{customer_id}-{number}").write(row(JANUARY.start))
        await accounts.close(closing(customer_id))

    await asyncio.gather(*(serve(f"c-{number}") for number in range(CUSTOMERS)))


async def test_processes_that_do_all_of_it_at_once(postgres_url: str, workers: list[Database]) -> None:
    """ELG-1, MON-2, MON-5: no update is lost, no row doubled, no number left out, and nothing ends in a circle."""
    ids = [f"c-{number}" for number in range(CUSTOMERS)]
    sold_once = listed(one_per_customer=True, trial_days=9)
    await stock(workers[0], partner(), *(customer(id=each) for each in ids), sold_once)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started_ones = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, postgres_url, str(number), env=environment, stderr=subprocess.PIPE
        )
        for number in range(PROCESSES)
    ]
    for process in started_ones:
        _, errors = await process.communicate()
        assert (process.returncode, errors.decode()) == (0, "")
    bought = "SELECT customer_id, count(*) FROM order_line WHERE status = 'bought' GROUP BY 1 ORDER BY 1"
    assert await rows(workers[0], bought) == [(each, 1) for each in ids]
    by_hand = "SELECT count(*) FROM subscription WHERE left(id, 2) = 'w-'"
    assert await rows(workers[0], by_hand) == [(PROCESSES * CUSTOMERS * ROUNDS,)]
    numbers = await rows(workers[0], "SELECT number FROM invoice ORDER BY number")
    assert numbers == [(number,) for number in range(1, CUSTOMERS + 1)]
    await audited(workers[0])


def _every_lock() -> Iterator[Lock]:
    yield from (locks.order("o"), locks.customer("c"), locks.one_of("c"), locks.subscription("s"), locks.publisher("p"))
    yield locks.EVERYTHING


def test_locks_are_taken_in_one_order() -> None:
    """So that no two transactions wait in a circle."""
    wanted: Sequence[Lock] = [locks.subscription("a"), locks.customer("b"), locks.order("c"), locks.A_PART]
    assert len({locks.script(tuple(some)) for some in permutations(wanted)}) == 1
    kinds = [lock.kind for lock in sorted(wanted)]
    assert kinds == sorted(kinds)


def test_a_name_of_each_kind_is_a_lock_of_its_own() -> None:
    """A customer and a subscription may have the same name."""
    assert len({lock.key for lock in _every_lock()}) == 5
    assert len({made("same").key for made in (locks.order, locks.customer, locks.subscription, locks.publisher)}) == 4
