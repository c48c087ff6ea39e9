"""`reconcile --repair` starts again what does not run any more, as if nothing had happened."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from activities.adapters.sql.database import Database
from domain.account.requests import ChangeTerms
from domain.subscription.commands import ChangeQuantity, SetAutoRenew, Suspend
from domain.subscription.decision import Outcome
from domain.subscription.events import EventName
from domain.subscription.holds import Reason
from hosting.assembly import World
from statemachines.audit.findings import Cure
from tests.support.live.payers import payment
from tests.support.live.repairs import Place, a_place, bought
from tests.support.raw_sql import change
from workflows.account.messages import StartAccount
from workflows.durable.workflow_ids import account_workflow_id, subscription_workflow_id

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]
MONTH = timedelta(days=31)


def more(quantity: int) -> ChangeQuantity:
    return ChangeQuantity(by="admin_agent", quantity=quantity, command_id=f"to-{quantity}")


async def terminate(place: Place, subscription: str) -> None:
    await place.client.get_workflow_handle(subscription_workflow_id(subscription)).terminate(reason="a test")


async def charged(world: World, subscription: str) -> list[str]:
    """The keys of its charges and credits."""
    return [row.key for row in await world.books.subscriptions.rows(subscription)]


async def test_what_was_terminated_goes_on_from_the_books(place: Place) -> None:
    """With its command ids, its hold and its last change; nothing is charged again."""
    async with place.worker() as world:
        subscriptions, lost = world.server.subscriptions, await bought(world)
        first = await subscriptions.ask(lost, more(5))
        await subscriptions.ask(lost, SetAutoRenew(by="admin_agent", enabled=False, command_id="off"))
        await subscriptions.ask(lost, Suspend(by="service", reason=Reason.FRAUD, command_id="held"))
        before, rows = await subscriptions.settled(lost), await charged(world, lost)
        await terminate(place, lost)
        (finding,) = (await place.reconcile()).findings
        assert finding.cure is Cure.REBUILD
        assert (await place.repair()).done == {**dict.fromkeys(Cure, 0), Cure.REBUILD: 1}
        assert (await subscriptions.settled(lost)).subscription == before.subscription
        assert await subscriptions.ask(lost, more(5)) == first
        assert await charged(world, lost) == rows
        assert await place.found() == set()
        assert not any((await place.repair()).done.values())


async def test_a_change_that_no_book_has_yet_is_not_lost(place: Place) -> None:
    """Its workflow was terminated while the database was locked, and its worker stopped: the run alone knows it."""
    async with place.worker() as world:
        lost = await bought(world)
        books = sqlite3.connect(place.settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
        books.execute("BEGIN IMMEDIATE")
        await world.server.subscriptions.ask(lost, more(5), wait=False)
        await terminate(place, lost)
    books.close()
    async with place.worker() as world:
        assert (await place.repair()).done[Cure.RESUME] == 1
        life = await world.server.subscriptions.settled(lost)
        assert (life.subscription.quantity, life.committed) == (5, 2)
        assert (await world.server.subscriptions.ask(lost, more(5))).outcome is Outcome.DONE
        assert await place.found() == set()


async def test_what_was_due_meanwhile_happens_with_its_date(place: Place) -> None:
    async with place.worker() as world:
        subscriptions = world.server.subscriptions
        at = datetime.now(UTC) - 3 * MONTH
        lost = await bought(world, tested=True, at=at)
        due = (await subscriptions.settled(lost)).subscription.paid_through
        assert due is not None
        await terminate(place, lost)
        async with Database(place.settings.database_url) as database:
            # As if its clock had gone on for a month while nothing of it ran.
            offset = at + MONTH + timedelta(days=5) - datetime.now(UTC)
            changed = f"UPDATE subscription SET ahead_by = '\"{_iso(offset)}\"' WHERE id = '{lost}'"
            assert await change(database, changed) == 1
        assert (await place.repair()).failed == {}
        await subscriptions.settled(lost, due)
        events = await world.books.subscriptions.events(lost)
        assert [(event.event, event.at) for event in events] == [(EventName.PURCHASED, at), (EventName.RENEWED, due)]
        assert len(set(await charged(world, lost))) == len(await charged(world, lost)) == 2


async def test_nothing_is_started_without_a_worker_and_all_of_it_later(place: Place) -> None:
    async with place.worker() as world:
        lost = await bought(world)
        await terminate(place, lost)
    repairing = asyncio.create_task(place.repair())
    while await place.found(lost, quick=True) == {("subscription", lost, "terminated")}:
        await asyncio.sleep(0.1)
    async with place.worker() as world:
        assert (await repairing).done[Cure.REBUILD] == 1
        await world.server.subscriptions.settled(lost)
        assert await place.found() == set()


async def test_the_whole_server_is_lost(tmp_path: Path) -> None:
    """Its books are kept: on a new server each subscription goes on, and an ended one's last notifications."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    async with a_place(tmp_path / "old") as place, place.worker() as world:
        url = place.settings.database_url
        lost = [await bought(world) for _ in range(8)]
        before = {each: await world.server.subscriptions.settled(each) for each in lost}
    async with a_place(tmp_path / "new", url) as place:
        await place.adopt()
        async with place.worker() as world:
            subscriptions = world.server.subscriptions
            found = await place.found()
            assert {("subscription", each, "missing") for each in lost} <= found
            repaired = await place.repair()
            assert (repaired.done[Cure.REBUILD], repaired.failed) == (16, {})
            for each in lost:
                assert (await subscriptions.settled(each)).subscription == before[each].subscription
            assert await place.found() == set()


@pytest.mark.parametrize("how", ["repaired", "bought again"])
async def test_a_lost_account_opens_with_what_the_books_say(place: Place, how: str) -> None:
    """Its closed months, unpaid invoices, credit, known payments and terms; also when the next purchase opens it."""
    async with place.worker() as world:
        accounts, at = world.server.accounts, datetime.now(UTC) - 3 * MONTH
        lost = f"of-{(await bought(world, tested=True, at=at))}"
        await accounts.settled(lost)
        terms = ChangeTerms(by="billing_admin", suspends=False)
        assert (await accounts.ask(lost, terms)).outcome is Outcome.DONE
        assert (await accounts.ask(lost, payment("p-1", "7.00"))).outcome is Outcome.DONE
        before = await accounts.settled(lost)
        assert before.account.credit
        await place.client.get_workflow_handle(account_workflow_id(lost)).terminate(reason="a test")
        while await place.found(lost, quick=True) != {("account", lost, "terminated")}:
            await asyncio.sleep(0.2)
        if how == "repaired":
            repaired = await place.repair(lost)
            assert (repaired.done[Cure.REBUILD], repaired.failed) == (1, {})
        else:
            await bought(world, customer=lost)
        after = await accounts.settled(lost)
        assert after.account == before.account
        assert (await accounts.details(lost)).clock is not None
        assert (await accounts.ask(lost, payment("p-1", "7.00"))).outcome is Outcome.UNCHANGED
        assert await place.found(lost) == set()


async def test_a_bare_start_of_a_lost_account_is_not_blank(place: Place) -> None:
    """What the start says does not count: nobody gets other terms, or forgets a debt, by it."""
    async with place.worker() as world:
        accounts, customer = world.server.accounts, f"of-{await bought(world)}"
        await accounts.ask(customer, payment("p-1", "7.00"))
        before = await accounts.settled(customer)
        await place.client.get_workflow_handle(account_workflow_id(customer)).terminate(reason="a test")
        start = StartAccount(customer_id=customer, suspends=False, opened_at=datetime.now(UTC))
        assert await accounts.open(start)
        assert (await accounts.settled(customer)).account == before.account


def _iso(offset: timedelta) -> str:
    return f"-P{-offset.days}D" if offset.days < 0 else f"P{offset.days}D"
