"""Carts by the use cases alone, as a web shop would do it: BUY-1 to BUY-3."""

from datetime import timedelta
from typing import Any

import pytest

from activities.orders.contracts import LineStatus
from domain.next_step import Do, NextStep, RefusedByRule
from domain.ordering.cart import CartState
from domain.ordering.lines import Line
from domain.rules import Rule
from domain.subscription.events import State
from perennial.order import carts
from perennial.sources.books import NotInBooks
from statemachines.preview.review import review as decided
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import SETUP, listed
from tests.support.shop.orders import stock
from tests.support.shop.use_cases import Shop

CRM = Line(offer="contoso-crm", quantity=3, add_ons={"backup": 1})


async def fill(shop: Shop, *lines: Line) -> str:
    """Fill a cart and return its id."""
    await stock(shop.database, partner(), customer(), listed(), listed(id="desk", name="Desk", **SETUP))
    ids = {(await shop.perennial.carts.add("fabrikam", line)).cart.id for line in lines}
    (cart_id,) = ids
    shop.transactions()
    return cart_id


async def test_a_cart_is_filled_reviewed_and_bought(shop: Shop) -> None:
    cart_id = await fill(shop, CRM, Line(offer="desk"), CRM)
    assert (await shop.perennial.carts.remove("fabrikam", 3)).cart.lines == (CRM, Line(offer="desk"))
    reviewed = await shop.perennial.carts.review("fabrikam")
    assert [line.state for line in reviewed.lines] == [State.ACTIVE, State.PENDING]
    assert [str(money) for money in reviewed.first_charges] == ["USD 32.50"]
    sent = await shop.perennial.carts.buy("fabrikam")
    assert (sent.request.order_id, sent.bought) == (cart_id, None)
    bought = await shop.perennial.orders.settled(sent.request)
    assert bought.complete
    assert list(bought.links) == [f"{cart_id}-2"], "ISV-1"
    resolved = await shop.perennial.setup_links.resolve(bought.links[f"{cart_id}-2"].url.partition("?token=")[2])
    assert (resolved.offer, resolved.state) == ("desk", State.PENDING)
    shown = await shop.perennial.carts.show("fabrikam")
    assert shown.cart.state(shop.now) is CartState.ORDERED
    assert await shop.perennial.orders.show(cart_id) == bought.order
    assert await shop.perennial.orders.list("fabrikam") == [bought.order]


async def test_buy_2_a_review_reads_the_database_once(shop: Shop) -> None:
    """Customer, cart, offers, what is owned and the catalog's version are of one moment."""
    await fill(shop, CRM, Line(offer="desk"))
    await shop.perennial.carts.review("fabrikam")
    assert shop.transactions() == {"read": 1, "write": 1}


async def test_buying_reads_the_buyer_once(shop: Shop) -> None:
    await fill(shop, CRM, Line(offer="desk"))
    await shop.perennial.carts.review("fabrikam")
    shop.transactions()
    sent = await shop.perennial.carts.buy("fabrikam")
    assert shop.transactions() == {"read": 1, "write": 1}
    assert len(shop.orders.sent) == 1
    await shop.perennial.orders.settled(sent.request)
    assert shop.transactions() == {"read": 1, "write": 1}, "the set-up links"


@pytest.mark.parametrize("lines", [1, 5])
async def test_isv_1_the_links_of_an_order_take_two_transactions(shop: Shop, lines: int) -> None:
    await fill(shop, *[Line(offer="desk")] * lines)
    await shop.perennial.carts.review("fabrikam")
    sent = await shop.perennial.carts.buy("fabrikam")
    shop.transactions()
    bought = await shop.perennial.orders.settled(sent.request)
    assert len({link.url for link in bought.links.values()}) == lines
    assert shop.transactions() == {"read": 1, "write": 1}


async def test_without_a_set_up_nothing_is_written_for_links(shop: Shop) -> None:
    await fill(shop, CRM)
    await shop.perennial.carts.review("fabrikam")
    sent = await shop.perennial.carts.buy("fabrikam")
    shop.transactions()
    assert (await shop.perennial.orders.settled(sent.request)).links == {}
    assert shop.transactions() == {"read": 1}


async def test_the_review_is_decided_for_the_role_that_buys(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(shop, CRM)
    reviewed = await shop.perennial.carts.review("fabrikam", by="sales_agent")
    assert [line.order.by for line in reviewed.lines if line.order] == ["sales_agent"]
    decided_for = []

    def recorded(*args: Any, by: str, **more: Any) -> Any:
        decided_for.append(by)
        return decided(*args, by=by, **more)

    monkeypatch.setattr(carts, "review", recorded)
    await shop.perennial.carts.buy("fabrikam", by="billing_admin")
    assert decided_for == ["billing_admin"]
    assert shop.orders.sent[0].by == "billing_admin"


async def test_buy_3_bought_again_nothing_is_sent(shop: Shop) -> None:
    cart_id = await fill(shop, CRM)
    await shop.perennial.carts.review("fabrikam")
    sent = await shop.perennial.carts.buy("fabrikam")
    first = await shop.perennial.orders.settled(sent.request)
    again = await shop.perennial.carts.buy("fabrikam", cart_id)
    assert again.bought is not None
    assert again.bought.order == first.order
    assert len(shop.orders.sent) == 1


async def test_buy_3_refused_lines_are_sent_again(shop: Shop) -> None:
    await stock(shop.database, partner(), customer(), listed(id="solo", one_per_customer=True))
    for _ in range(2):
        await shop.perennial.carts.add("fabrikam", Line(offer="solo"))
    await shop.perennial.carts.review("fabrikam")
    for _ in range(2):
        sent = await shop.perennial.carts.buy("fabrikam")
        bought = await shop.perennial.orders.settled(sent.request)
        assert [line.status for line in bought.order.lines] == [LineStatus.BOUGHT, LineStatus.REFUSED]
        assert not bought.complete
    assert shop.orders.sent == [sent.request] * 2


async def test_a_refusal_carries_the_next_step(shop: Shop) -> None:
    await stock(shop.database)
    with pytest.raises(NotInBooks) as none_yet:
        await shop.perennial.carts.show("fabrikam")
    assert none_yet.value.next_step == NextStep(Do.ADD_TO_CART, "fabrikam", "Start one")
    with pytest.raises(NotInBooks) as unknown:
        await shop.perennial.carts.buy("fabrikam", "no-such")
    assert unknown.value.next_step == NextStep(Do.LIST_ORDERS, "fabrikam")
    with pytest.raises(RefusedByRule) as nobody:
        await shop.perennial.carts.show("nobody")
    assert nobody.value.rule is Rule.ELG_8
    assert nobody.value.next_step is not None
    assert nobody.value.next_step.do is Do.IMPORT_CATALOG
    with pytest.raises(RefusedByRule) as cloud:
        await shop.perennial.carts.add("fabrikam", Line(offer="contoso-crm", add_ons={"cloud": 1}))
    assert cloud.value.rule is Rule.BUY_4
    with pytest.raises(RefusedByRule) as publisher:
        await shop.perennial.carts.buy("fabrikam", by="publisher")
    assert publisher.value.rule is Rule.ROL_4
    await shop.perennial.carts.add("fabrikam", CRM)
    with pytest.raises(RefusedByRule) as unseen:
        await shop.perennial.carts.buy("fabrikam")
    assert (unseen.value.rule, shop.orders.sent) == (Rule.BUY_2, [])
    assert unseen.value.next_step == NextStep(Do.REVIEW_CART, "fabrikam", "Review it, then buy")


async def test_buy_1_an_expired_cart_is_shown_and_a_new_one_begins(shop: Shop) -> None:
    first = await fill(shop, CRM)
    shop.now += timedelta(days=7)
    assert (await shop.perennial.carts.show("fabrikam")).cart.state(shop.now) is CartState.EXPIRED
    assert (await shop.perennial.carts.add("fabrikam", CRM)).cart.id != first
