"""What a customer has of many offers at once: what listings and reviews are decided by (ELG-1, ELG-2, TRI-4)."""

from typing import Any

from sqlalchemy import event

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.adapters.sql.subscription.holdings import SqlHoldings
from domain.ordering.eligibility import Owned, Ownership
from domain.subscription.commands import Cancel, Suspend
from domain.subscription.events import State
from domain.subscription.holds import Reason
from tests.support.instants import DAY, START
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import listed
from tests.support.shop.orders import placed, started, stock


async def test_a_holding_is_as_the_books_and_the_orders_have_it(database: Database) -> None:
    orders, holdings = SqlOrders(database), SqlHoldings(database)
    await stock(database, partner(), customer(), customer(id="tailspin"), listed(trial_days=30), listed(id="free"))
    await placed(orders, request({}, {}, {}, {"offer": "free"}, {"quantity": 20_000}))
    await placed(orders, request({}, order_id="o-2", customer="tailspin"))
    suspended = await started(database, number=2)
    await suspended.ask(Suspend(by="admin_agent", reason=Reason.FRAUD), START + DAY)
    ended = await started(database, number=3)
    await ended.ask(Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST), START)
    assert await holdings.holdings("fabrikam", ["contoso-crm", "free", "unknown"]) == {
        "contoso-crm": Ownership(
            living=(
                Owned(subscription_id="o-1-2", state=State.SUSPENDED),
                Owned(subscription_id="o-1-1", state=State.PENDING),
            ),
            trial_of="o-1-1",
        ),
        "free": Ownership(living=(Owned(subscription_id="o-1-4", state=State.PENDING),)),
        "unknown": Ownership(),
    }
    assert (await holdings.holdings("tailspin", ["contoso-crm"]))["contoso-crm"].trial_of == "o-2-1"
    assert await holdings.holdings("fabrikam", []) == {}


async def test_a_page_of_offers_takes_a_few_questions(database: Database) -> None:
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    event.listen(database._engine, "before_cursor_execute", note)
    found = await SqlHoldings(database).holdings("fabrikam", [f"offer-{n}" for n in range(200)])
    event.remove(database._engine, "before_cursor_execute", note)
    assert len(found) == 200
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 3
