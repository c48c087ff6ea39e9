"""Orders: each line decided once, claimed once, and tried again where it was refused (BUY-3)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.orders import SqlOrders
from activities.errors import BooksConflict, OrderConflict
from activities.orders.contracts import LineStatus, OrderLine, PlaceInput
from tests.support.books.short_lives import LICENCE, bought
from tests.support.books.subscription import InSql
from tests.support.instants import DAY, START
from tests.support.shop.buyers import customer, partner, request
from tests.support.shop.offers import listed
from tests.support.shop.orders import line, opened, placed, rules, started, statuses, stock, versioned


@pytest.fixture
def orders(database: Database) -> SqlOrders:
    return SqlOrders(database)


async def test_an_order_waits_then_is_placed_then_bought(database: Database, orders: SqlOrders) -> None:
    await stock(database, partner(), customer(), listed(prices=[{"at": START + DAY, "unit_price": "12.00"}]))
    await versioned(database, 7)
    wanted = request({"quantity": 3, "add_ons": {"backup": 1}})
    order = await opened(orders, wanted)
    assert (order.order_id, order.customer, order.ordered_at, order.settled) == ("o-1", "fabrikam", START, False)
    assert order.lines == (
        OrderLine(
            number=1,
            offer="contoso-crm",
            quantity=3,
            add_ons={"backup": 1},
            subscription_id="o-1-1",
            status=LineStatus.WAITING,
        ),
    )
    with pytest.raises(BooksConflict, match="not placed"):
        await orders.purchase("o-1", 1)
    with pytest.raises(BooksConflict, match="only a placed line can be bought"):
        await orders.note_started("o-1", 1)
    assert (await orders.place(line())).status is LineStatus.PLACED
    purchase = await orders.purchase("o-1", 1)
    assert (purchase.subscription_id, purchase.at, purchase.quantity) == ("o-1-1", START, 3)
    assert (str(purchase.offer.unit_price), purchase.catalog_version) == ("10.00", 7)
    assert [str(price.unit_price) for price in purchase.prices] == ["12.00"]
    assert [await orders.partner(customer) for customer in (purchase.customer, "nobody")] == [partner().id, None]
    for _ in range(2):
        assert (await orders.note_started("o-1", 1)).status is LineStatus.BOUGHT
    stored = await orders.order("o-1")
    assert stored is not None
    assert stored.settled
    assert statuses(stored.lines) == ["bought"]


async def test_what_the_books_do_not_know(orders: SqlOrders) -> None:
    assert await orders.order("o-1") is None
    for ask in (orders.place(line()), orders.note_started("o-1", 1)):
        with pytest.raises(BooksConflict, match="Order o-1 has no line 1: open the order first"):
            await ask


async def test_the_same_order_again_changes_nothing(database: Database, orders: SqlOrders) -> None:
    """BUY-3."""
    await stock(database)
    wanted = request({}, {"quantity": 2})
    await placed(orders, wanted)
    await started(database, number=2)
    first = await orders.order("o-1")
    purchases = [await orders.purchase("o-1", number) for number in (1, 2)]
    for late in (DAY, 2 * DAY):
        again = await opened(orders, wanted, START + late)
        assert again == first
        assert statuses(again.lines) == ["placed", "bought"]
        for number in (1, 2):
            answer = await orders.place(PlaceInput(order_id="o-1", number=number, at=START + late))
            assert answer == again.lines[number - 1]
    assert [await orders.purchase("o-1", number) for number in (1, 2)] == purchases


async def test_the_same_order_from_many_at_once_is_one(database: Database, url: str) -> None:
    """BUY-3."""
    await stock(database, partner(), customer(), listed(one_per_customer=True, trial_days=30))
    async with Database(url) as there:
        tries = (placed(SqlOrders((database, there)[n % 2]), request({})) for n in range(10))
        answers = await asyncio.gather(*tries)
    assert {found.status for (found,) in answers} == {LineStatus.PLACED}
    assert [order.order_id for order in await SqlOrders(database).orders()] == ["o-1"]


@pytest.mark.parametrize(
    "other",
    [
        request({"quantity": 2}),
        request({}, {}),
        request({"add_ons": {"backup": 1}}),
        request({}, customer="tailspin"),
        request({}, by="sales_agent"),
        request({"terms": "0123456789abcdef"}),
    ],
)
async def test_another_order_under_the_id_is_a_conflict(database: Database, orders: SqlOrders, other: Any) -> None:
    """BUY-3."""
    await stock(database)
    order = await opened(orders, request({}))
    with pytest.raises(OrderConflict) as raised:
        await opened(orders, other)
    assert str(raised.value) == (
        "Order o-1 was placed with other content (BUY-3): send the same order again, or choose another order id."
    )
    assert await orders.order("o-1") == order


async def test_each_line_by_itself_and_a_refused_one_again_by_the_same_call(
    database: Database, orders: SqlOrders
) -> None:
    """BUY-3."""
    await stock(database)
    wanted = request({}, {"offer": "wingtip"}, {"quantity": 20_000})
    lines = await placed(orders, wanted)
    assert statuses(lines) == ["placed", "refused", "refused"]
    assert rules(lines) == [None, "ELG-6", "ELG-8"]
    refusal = lines[1].refusal
    assert refusal is not None
    assert str(refusal) == "There is no offer wingtip in the catalog. Choose an offer from the catalog."
    await started(database)
    await stock(database, listed(id="wingtip", one_per_customer=True))
    # An attempt that comes late finds it refused: nobody would start it.
    assert await orders.place(line(2)) == lines[1]
    again = await opened(orders, wanted, START + DAY)
    assert again.ordered_at == START
    assert statuses(again.lines) == ["bought", "waiting", "waiting"]
    assert rules(list(again.lines)) == [None, None, None]
    lines = await placed(orders, wanted, START + DAY)
    assert statuses(lines) == ["bought", "placed", "refused"]
    assert (await orders.purchase("o-1", 2)).at == START + DAY
    assert (await orders.purchase("o-1", 1)).at == START


async def test_a_subscription_id_belongs_to_the_first_that_is_placed_under_it(
    database: Database, orders: SqlOrders
) -> None:
    """BUY-3: in another order, in the books without an order, twice in one order; the other lines go on."""
    await stock(database)
    await bought(InSql(database), LICENCE, "s-1")
    await placed(orders, request({"subscription_id": "s-2"}))
    wanted = request(
        {"subscription_id": "s-1"}, {"subscription_id": "s-2"}, {"subscription_id": "s-3"}, {}, order_id="o-2"
    )
    lines = await placed(orders, wanted)
    assert statuses(lines) == ["refused", "refused", "placed", "placed"]
    assert rules(lines)[:2] == ["BUY-3", "BUY-3"]
    assert str(lines[0].refusal) == (
        "The subscription id s-1 belongs to another purchase. Choose another id, or leave it out, in a new order."
    )
    assert [found.subscription_id for found in lines] == ["s-1", "s-2", "s-3", "o-2-4"]
    # Nor when it is tried again, and whoever holds it keeps it.
    assert statuses(await placed(orders, wanted)) == ["refused", "refused", "placed", "placed"]
    twice = await placed(orders, request({"subscription_id": "s-4"}, {"subscription_id": "s-4"}, order_id="o-3"))
    assert rules(twice) == [None, "BUY-3"]
    assert [(await orders.purchase("o-2", number)).subscription_id for number in (3, 4)] == ["s-3", "o-2-4"]
    assert (await orders.purchase("o-3", 1)).subscription_id == "s-4"


async def test_an_id_that_was_made_can_be_taken_too(database: Database, orders: SqlOrders) -> None:
    """BUY-3."""
    await stock(database)
    await placed(orders, request({"subscription_id": "o-2-1"}))
    (refused,) = await placed(orders, request({}, order_id="o-2"))
    assert str(refused.refusal) == ("The subscription id o-2-1 belongs to another purchase. Use another order id.")


async def test_a_line_that_is_refused_keeps_no_id(database: Database, orders: SqlOrders) -> None:
    await stock(database, partner(), customer(), listed())
    (refused,) = await placed(orders, request({"subscription_id": "s-1", "quantity": 20_000}))
    assert refused.status is LineStatus.REFUSED
    assert statuses(await placed(orders, request({"subscription_id": "s-1"}, order_id="o-2"))) == ["placed"]


async def test_an_order_that_crashes_while_it_is_taken_in_is_not_there(database: Database, orders: SqlOrders) -> None:
    await stock(database)

    def crash(_: Any, __: Any, executed: str, *___: Any) -> None:
        if executed.startswith("INSERT INTO order_line"):
            raise RuntimeError("crashed")

    event.listen(database._engine, "before_cursor_execute", crash)
    with pytest.raises(RuntimeError, match="crashed"):
        await opened(orders, request({}))
    event.remove(database._engine, "before_cursor_execute", crash)
    assert await orders.order("o-1") is None
    assert statuses(await placed(orders, request({}))) == ["placed"]


async def test_pages_and_filters(database: Database, orders: SqlOrders) -> None:
    # Two at one instant, and ids that do not sort as time does.
    instants = {"b": START, "a": START + DAY, "d": START + DAY, "c": START + 2 * DAY, "e": START - DAY}
    for order_id, at in instants.items():
        theirs = "tailspin" if order_id == "a" else "fabrikam"
        await opened(orders, request({}, {"quantity": 2}, order_id=order_id, customer=theirs), at)
    everything = await orders.orders()
    assert [order.order_id for order in everything] == ["c", "d", "a", "b", "e"]
    assert [[found.number for found in order.lines] for order in everything] == [[1, 2]] * 5
    assert [found.quantity for found in everything[0].lines] == [1, 2]
    pages, after = [], None
    while page := await orders.orders(limit=2, after=after):
        pages.append([order.order_id for order in page])
        after = page[-1].order_id
    assert pages == [["c", "d"], ["a", "b"], ["e"]]
    assert [order.order_id for order in await orders.orders(customer="tailspin")] == ["a"]
    assert [order.order_id for order in await orders.orders(customer="fabrikam", after="d")] == ["b", "e"]
    assert await orders.orders(after="nobody") == []


async def test_an_order_keeps_its_instant_to_the_microsecond(orders: SqlOrders) -> None:
    at = START + timedelta(microseconds=1)
    assert (await opened(orders, request({}), at)).ordered_at == at
