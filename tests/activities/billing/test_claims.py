"""What only one subscription can hold (ELG-1), released as it ends, or never (TRI-4)."""

import asyncio

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.subscription import claims
from activities.errors import BooksConflict
from activities.orders.contracts import LineStatus, PlaceInput
from domain.ordering.placement import one_per_customer, one_trial
from domain.rules import Rule
from domain.subscription.commands import Activate, Cancel
from domain.subscription.events import State
from domain.subscription.holds import Reason
from tests.support.instants import DAY, START
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import SETUP, listed
from tests.support.shop.orders import placed, started, stock

ONE, TRIAL = one_per_customer("fabrikam", "contoso-crm"), one_trial("fabrikam", "contoso-crm")
ANOTHER = one_per_customer("fabrikam", "another")
KEYS = [ONE.key, TRIAL.key, ANOTHER.key]


async def test_a_claim_has_one_holder_who_may_ask_again(database: Database) -> None:
    await database.write(claims.take, "s-1", [ONE])
    await database.write(claims.take, "s-1", [ONE, TRIAL])
    with pytest.raises(BooksConflict, match=r"claim"):
        await database.write(claims.take, "s-2", [ANOTHER, ONE])
    # All or none: what was free is still free.
    assert await database.read(claims.holders, KEYS) == {ONE.key: "s-1", TRIAL.key: "s-1"}
    await database.write(claims.take, "s-3", [ANOTHER])


async def test_of_two_buyers_at_once_one_wins(url: str) -> None:
    async with Database(url) as here, Database(url) as there:
        tries = [(here, there)[n % 2].write(claims.take, f"s-{n}", [ONE]) for n in range(10)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, BooksConflict) for outcome in outcomes) == 9


async def test_the_end_releases_what_is_not_for_ever(database: Database) -> None:
    orders = SqlOrders(database)
    await stock(database, partner(), customer(), listed(one_per_customer=True, trial_days=30))
    await placed(orders, request({}))
    player = await started(database)
    assert await database.read(claims.holders, KEYS) == {ONE.key: "o-1-1", TRIAL.key: "o-1-1"}
    await player.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START)
    # Asked again by a retry that comes late, what was released stays so.
    again = await orders.place(PlaceInput(order_id="o-1", number=1, at=START))
    assert again.status is LineStatus.BOUGHT
    assert await database.read(claims.holders, KEYS) == {TRIAL.key: "o-1-1"}
    (line,) = await placed(orders, request({}, order_id="o-2"))
    assert line.status is LineStatus.PLACED
    assert await database.read(claims.holders, KEYS) == {ONE.key: "o-2-1", TRIAL.key: "o-1-1"}


async def test_a_trial_that_never_began_is_not_used_up(database: Database) -> None:
    orders = SqlOrders(database)
    await stock(database, partner(), customer(), listed(one_per_customer=True, trial_days=30, **SETUP))
    await placed(orders, request({}))
    player = await started(database)
    await player.advance(START + 29 * DAY)
    assert await database.read(claims.holders, KEYS) == {ONE.key: "o-1-1", TRIAL.key: "o-1-1"}
    await player.advance(START + 30 * DAY)
    assert player.life.subscription.state is State.CANCELLED
    assert await database.read(claims.holders, KEYS) == {}


async def test_a_trial_that_began_is_used_up_however_short_it_was(database: Database) -> None:
    await stock(database, partner(), customer(), listed(trial_days=30, **SETUP))
    await placed(SqlOrders(database), request({}))
    player = await started(database)
    await player.ask(Activate(by="publisher"), START + DAY)
    answer = await player.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START + DAY)
    assert answer.rule == Rule.TRI_4
    assert await database.read(claims.holders, KEYS) == {TRIAL.key: "o-1-1"}


async def test_an_end_releases_nobody_elses(database: Database) -> None:
    orders = SqlOrders(database)
    await stock(database, partner(), customer(), customer(id="tailspin"), listed(one_per_customer=True, trial_days=30))
    await placed(orders, request({}))
    await placed(orders, request({}, order_id="o-2", customer="tailspin"))
    player = await started(database)
    await player.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START)
    theirs = [one_per_customer("tailspin", "contoso-crm").key, one_trial("tailspin", "contoso-crm").key]
    assert await database.read(claims.holders, theirs) == dict.fromkeys(theirs, "o-2-1")
