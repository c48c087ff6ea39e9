"""Orders by the use cases alone: sent, answered or not, and looked at (BUY-3)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.next_step import Do, NextStep, RefusedByRule
from domain.ordering.lines import Line, OrderRequest
from domain.rules import Rule
from perennial.order import orders
from perennial.order.ids import new_cart_id, new_subscription_id
from perennial.order.orders import OrderUnanswered
from perennial.sources.books import NotInBooks
from tests.support.instants import DAY, START
from tests.support.shop.buyers import request
from tests.support.shop.orders import stock
from tests.support.shop.use_cases import Shop
from workflows.calls.errors import NotAnswered
from workflows.durable.clock import TestClock


async def test_an_order_without_a_cart(shop: Shop) -> None:
    await stock(shop.database)
    wanted = request({"quantity": 2}, order_id="o-1")
    await shop.perennial.orders.buy(wanted)
    bought = await shop.perennial.orders.settled(wanted)
    assert (bought.complete, bought.links) == (True, {})
    assert await shop.perennial.orders.show("o-1") == bought.order


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"customer": "nobody"}, Rule.ELG_8),
        ({"lines": (Line(offer="nothing"),)}, Rule.ELG_6),
        ({"lines": (Line(offer="contoso-crm"), Line(offer="contoso-crm", add_ons={"cloud": 1}))}, Rule.BUY_4),
        ({"by": "publisher"}, Rule.ROL_4),
        ({"by": "nobody"}, Rule.ROL_1),
    ],
)
async def test_what_nobody_can_buy_is_not_sent(shop: Shop, changes: dict[str, Any], rule: Rule) -> None:
    await stock(shop.database)
    with pytest.raises(RefusedByRule) as refused:
        await shop.perennial.orders.buy(request({}).model_copy(update=changes))
    assert (refused.value.rule, shop.orders.sent) == (rule, [])


async def test_on_a_test_clock_it_begins_at_another_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await stock(shop.database)
    given: dict[str, Any] = {}

    async def place(wanted: OrderRequest, **more: Any) -> None:
        given.update(more)

    monkeypatch.setattr(shop.orders, "place", place)
    await shop.perennial.orders.buy(request({}), begins=START + DAY)
    assert given == {"clock": TestClock.ahead_by(timedelta(days=1)), "periods_per_run": 3}


async def test_an_unanswered_order_is_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await stock(shop.database)

    async def no_answer(*_: Any, **__: Any) -> None:
        raise NotAnswered("order o-1: no worker answered in time", NextStep(Do.START_WORKER))

    monkeypatch.setattr(shop.orders, "place", no_answer)
    with pytest.raises(OrderUnanswered) as unanswered:
        await shop.perennial.orders.buy(request({}))
    assert unanswered.value.message == "Order o-1: no worker answered in time."
    assert (unanswered.value.request, unanswered.value.next_step) == (request({}), NextStep(Do.START_WORKER))


async def test_orders_are_listed_page_by_page(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "PAGE", 2)
    await stock(shop.database)
    for number in range(5):
        await shop.perennial.orders.buy(request({}, order_id=f"o-{number}"))
    ids = [order.order_id for order in await shop.perennial.orders.list("fabrikam")]
    assert sorted(ids) == [f"o-{number}" for number in range(5)]
    page = await shop.perennial.orders.list(limit=3, after=ids[0])
    assert [order.order_id for order in page] == ids[1:4]
    with pytest.raises(NotInBooks):
        await shop.perennial.orders.list(after="nope")


def test_new_ids_are_new_and_say_whose_they_are() -> None:
    assert new_cart_id("fabrikam") != new_cart_id("fabrikam")
    assert new_cart_id("fabrikam").startswith("fabrikam-")
    assert new_subscription_id("contoso-crm").startswith("contoso-crm-")
    assert max(len(new_cart_id("x" * 64)), len(new_subscription_id("x" * 64))) <= 56
