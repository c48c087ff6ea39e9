"""Placing a line: decided by what the customer has at that moment, and claimed with it (ELG-1, ELG-2, TRI-4)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, insert

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.tables.subscription import claim
from activities.orders.contracts import LineStatus
from domain.ordering.placement import one_per_customer
from domain.rules import Rule
from domain.subscription.commands import Cancel, Suspend
from domain.subscription.holds import Reason
from tests.support.books.player import Player
from tests.support.instants import DAY, START
from tests.support.raw_sql import rows
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import SETUP, listed
from tests.support.shop.orders import line, opened, placed, rules, started, statuses, stock

CANCEL = Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST)


@pytest.fixture
def orders(database: Database) -> SqlOrders:
    return SqlOrders(database)


def state_of(player: Player) -> str:
    return player.life.subscription.state.value


async def test_a_customer_without_a_record_is_refused_until_there_is_one(database: Database, orders: SqlOrders) -> None:
    """ELG-8."""
    await stock(database, listed())
    assert rules(await placed(orders, request({}))) == ["ELG-8"]
    await stock(database, partner(), customer())
    assert statuses(await placed(orders, request({}))) == ["placed"]


async def test_twenty_buyers_at_once_of_what_is_sold_once(database: Database, url: str) -> None:
    """ELG-1: exactly one wins, and all others are told who."""
    await stock(database, partner(), customer(), listed(one_per_customer=True, trial_days=30))
    async with Database(url) as there:
        tries = (
            placed(SqlOrders((database, there)[n % 2]), request({}, order_id=f"o-{n}"), START + n * DAY)
            for n in range(20)
        )
        answers = [found for (found,) in await asyncio.gather(*tries)]
    won = [found for found in answers if found.status is LineStatus.PLACED]
    lost = [found.refusal for found in answers if found.status is LineStatus.REFUSED]
    assert (len(won), len(lost)) == (1, 19)
    assert {(refusal.rule, refusal.subscription_id) for refusal in lost if refusal} == {
        (Rule.ELG_1, won[0].subscription_id)
    }


async def test_what_is_sold_once_is_sold_again_after_its_end(database: Database, orders: SqlOrders) -> None:
    """ELG-1, through the whole life: about to begin, begun, ended."""
    await stock(database, partner(), customer(), customer(id="tailspin"), listed(one_per_customer=True))
    lines = await placed(orders, request({}, {}))
    assert rules(lines) == [None, "ELG-1"]
    player = await started(database)
    second = request({}, order_id="o-2")
    (refused,) = await placed(orders, second)
    assert refused.refusal is not None
    assert (refused.refusal.rule, refused.refusal.subscription_id) == (Rule.ELG_1, "o-1-1")
    # Another customer has nothing to do with it.
    assert rules(await placed(orders, request({}, order_id="o-3", customer="tailspin"))) == [None]
    await player.ask(CANCEL, START)
    assert statuses(await placed(orders, second)) == ["placed"]


async def test_a_suspended_one_is_to_be_reactivated_instead(database: Database, orders: SqlOrders) -> None:
    """ELG-2: whether it is sold once or not."""
    await stock(database)
    lines = await placed(orders, request({}, {}))
    assert statuses(lines) == ["placed", "placed"]
    player = await started(database)
    await player.ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + DAY)
    (refused,) = await placed(orders, request({}, order_id="o-2"))
    assert refused.refusal is not None
    assert (refused.refusal.rule, refused.refusal.subscription_id) == (Rule.ELG_2, "o-1-1")
    assert str(refused.refusal) == (
        "Fabrikam already has Contoso CRM, suspended (subscription o-1-1). Reactivate o-1-1 instead."
    )


async def test_a_second_purchase_has_no_trial_even_after_the_firsts_deletion(
    database: Database, orders: SqlOrders
) -> None:
    """TRI-4."""
    await stock(database, partner(), customer(), customer(id="tailspin"), listed(trial_days=30))
    await placed(orders, request({}, {}))
    assert [(await orders.purchase("o-1", number)).offer.trial_days for number in (1, 2)] == [30, 0]
    player = await started(database)
    assert state_of(player) == "trial"
    await player.ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + DAY)
    await player.advance(START + 200 * DAY)
    assert state_of(player) == "deleted"
    await placed(orders, request({}, order_id="o-2"), START + 200 * DAY)
    assert (await orders.purchase("o-2", 1)).offer.trial_days == 0
    assert state_of(await started(database, "o-2")) == "active"
    await placed(orders, request({}, order_id="o-3", customer="tailspin"))
    assert (await orders.purchase("o-3", 1)).offer.trial_days == 30


@pytest.mark.parametrize("how", ["never activated", "cancelled"])
async def test_a_purchase_that_ended_pending_leaves_the_trial(database: Database, orders: SqlOrders, how: str) -> None:
    """TRI-4: the trial never began."""
    await stock(database, partner(), customer(), listed(trial_days=30, **SETUP))
    await placed(orders, request({}))
    player = await started(database)
    if how == "cancelled":
        await player.ask(CANCEL, START + DAY)
    await player.advance(START + 31 * DAY)
    assert state_of(player) == "cancelled"
    await placed(orders, request({}, {}, order_id="o-2"), START + 31 * DAY)
    assert [(await orders.purchase("o-2", number)).offer.trial_days for number in (1, 2)] == [30, 0]


async def test_a_claim_of_before_there_were_orders(database: Database, orders: SqlOrders) -> None:
    """ELG-1: who holds it may be about to begin; the line's own does not stand in its way."""
    await stock(database, partner(), customer(), listed(one_per_customer=True))
    key = one_per_customer("fabrikam", "contoso-crm").key
    held = insert(claim).values(key=key, subscription_id="s-1", permanent=False)
    await database.write(lambda connection: connection.execute(held))
    (refused,) = await placed(orders, request({}))
    assert refused.refusal is not None
    assert (refused.refusal.rule, refused.refusal.subscription_id) == (Rule.ELG_1, "s-1")
    assert statuses(await placed(orders, request({"subscription_id": "s-1"}, order_id="o-2"))) == ["placed"]


@pytest.mark.parametrize("statement", ["INSERT INTO claim", "UPDATE order_line"])
async def test_a_crash_in_the_middle_leaves_nothing_half_done(
    database: Database, orders: SqlOrders, statement: str
) -> None:
    """ELG-1: never a claim without its line, nor a line without its claim."""
    await stock(database, partner(), customer(), listed(one_per_customer=True, trial_days=30))
    order = await opened(orders, request({}))
    done = []

    def crash(_: Any, __: Any, executed: str, *___: Any) -> None:
        if executed.startswith(statement):
            done.append(executed)
            raise RuntimeError("crashed")

    event.listen(database._engine, "after_cursor_execute", crash)
    with pytest.raises(RuntimeError, match="crashed"):
        await orders.place(line())
    event.remove(database._engine, "after_cursor_execute", crash)
    assert len(done) == 1
    assert await orders.order("o-1") == order
    assert await rows(database, "SELECT * FROM claim") == []
    assert (await orders.place(line())).status is LineStatus.PLACED
