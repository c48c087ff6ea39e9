"""Carts on disk: one open cart a customer, for seven days, and nothing lost between two who add at once (BUY-1)."""

import asyncio
from datetime import timedelta

import pytest

from activities.adapters.sql.database import Database
from activities.adapters.sql.orders.carts import SqlCarts
from domain.ordering.cart import Cart, CartRefused
from domain.ordering.lines import Line
from domain.rules import Rule
from tests.support.instants import DAY, START
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import listed
from tests.support.shop.orders import stock, versioned

TICK = timedelta(microseconds=1)
LINE = Line(offer="contoso-crm", quantity=3, add_ons={"backup": 1})


@pytest.fixture
def carts(database: Database) -> SqlCarts:
    return SqlCarts(database)


async def cart_of(carts: SqlCarts, cart_id: str | None = None) -> Cart | None:
    """The newest cart of fabrikam, or the one with that id."""
    facts = await carts.facts("fabrikam", cart_id)
    return facts.cart if facts else None


async def test_lines_go_to_the_open_cart(database: Database, carts: SqlCarts) -> None:
    await stock(database, partner(), customer(), customer(id="tailspin"))
    assert await cart_of(carts) is None
    first = await carts.add("fabrikam", "c-1", LINE, START)
    assert first == Cart(id="c-1", customer="fabrikam", created_at=START, lines=(LINE,))
    second = await carts.add("fabrikam", "c-2", Line(offer="wingtip"), START + DAY)
    assert (second.id, second.lines) == ("c-1", (LINE, Line(offer="wingtip")))
    assert (await carts.add("tailspin", "c-3", LINE, START + DAY)).id == "c-3"
    assert await cart_of(carts) == await cart_of(carts, "c-1") == second
    assert await cart_of(carts, "c-2") is None


async def test_a_cart_is_over_at_exactly_seven_days(database: Database, carts: SqlCarts) -> None:
    """BUY-1."""
    await stock(database)
    await carts.add("fabrikam", "c-1", LINE, START)
    last = await carts.add("fabrikam", "c-2", LINE, START + 7 * DAY - TICK)
    assert (last.id, len(last.lines)) == ("c-1", 2)
    begun = await carts.add("fabrikam", "c-3", LINE, START + 7 * DAY)
    assert (begun.id, len(begun.lines)) == ("c-3", 1)
    assert await cart_of(carts) == begun
    assert await cart_of(carts, "c-1") == last
    with pytest.raises(CartRefused) as refused:
        await carts.update("c-1", lambda cart: cart.removing(1, START + 7 * DAY))
    assert refused.value.rule is Rule.BUY_1


async def test_a_bought_cart_takes_no_more(database: Database, carts: SqlCarts) -> None:
    await stock(database)
    await carts.add("fabrikam", "c-1", LINE, START)
    terms = ("0123456789abcdef",)
    await carts.update("c-1", lambda cart: cart.as_reviewed((LINE,), terms, START))
    ordered = await carts.update("c-1", lambda cart: cart.ordered((LINE,), terms, START))
    assert await cart_of(carts, "c-1") == ordered
    assert ordered.lines[0].terms == terms[0]
    # Though no time has passed.
    assert (await carts.add("fabrikam", "a-later-one", LINE, START)).id == "a-later-one"
    assert (await carts.add("fabrikam", "c-2", LINE, START)).id == "a-later-one"


async def test_two_who_add_at_once_lose_nothing(database: Database, url: str) -> None:
    """BUY-1: and they begin one cart, not two."""
    await stock(database)
    async with Database(url) as there:
        added = [
            SqlCarts((database, there)[n % 2]).add("fabrikam", f"c-{n}", Line(offer=f"offer-{n}"), START)
            for n in range(20)
        ]
        found = await asyncio.gather(*added)
    assert len({cart.id for cart in found}) == 1
    latest = await cart_of(SqlCarts(database))
    assert latest is not None
    assert {line.offer for line in latest.lines} == {f"offer-{n}" for n in range(20)}
    assert len(latest.lines) == 20


async def test_two_who_change_it_at_once_lose_nothing(database: Database, url: str) -> None:
    await stock(database)
    async with Database(url) as there:
        both = [SqlCarts(database), SqlCarts(there)]
        for n in range(10):
            await both[0].add("fabrikam", "c-1", Line(offer=f"offer-{n}"), START)
        changes = [both[n % 2].update("c-1", lambda cart: cart.removing(1, START)) for n in range(9)]
        await asyncio.gather(*changes)
        left = await cart_of(both[0], "c-1")
    assert left is not None
    assert [line.offer for line in left.lines] == ["offer-9"]


async def test_a_refused_change_leaves_it_as_it_is(database: Database, carts: SqlCarts) -> None:
    await stock(database)
    cart = await carts.add("fabrikam", "c-1", LINE, START)
    with pytest.raises(CartRefused, match="has no line 2"):
        await carts.update("c-1", lambda cart: cart.removing(2, START))
    assert await cart_of(carts, "c-1") == cart


async def test_who_and_what_there_is_not(carts: SqlCarts) -> None:
    with pytest.raises(CartRefused) as unknown:
        await carts.add("fabrikam", "c-1", LINE, START)
    assert unknown.value.rule is Rule.ELG_8
    assert str(unknown.value).startswith("There is no customer fabrikam. Import")
    with pytest.raises(CartRefused) as missing:
        await carts.update("c-1", lambda cart: cart)
    assert str(missing.value) == "There is no cart c-1. Start one."


async def test_the_facts_of_a_cart_are_those_of_its_offers(database: Database, carts: SqlCarts) -> None:
    await stock(database, partner(), customer(), listed(), listed(id="other"))
    await versioned(database, 3)
    assert await carts.facts("fabrikam") is None
    await carts.add("fabrikam", "c-1", LINE, START)
    await carts.add("fabrikam", "c-1", Line(offer="gone"), START)
    facts = await carts.facts("fabrikam")
    assert facts is not None
    assert (facts.customer.id, facts.cart.id, facts.catalog_version) == ("fabrikam", "c-1", 3)
    assert (list(facts.offers), sorted(facts.owned)) == (["contoso-crm"], ["contoso-crm", "gone"])
    assert await carts.facts("fabrikam", "c-2") is None
    with pytest.raises(CartRefused) as nobody:
        await carts.facts("nobody")
    assert nobody.value.rule is Rule.ELG_8


async def test_a_customer_does_not_see_the_cart_of_another(database: Database, carts: SqlCarts) -> None:
    await stock(database, partner(), customer(), customer(id="tailspin"))
    await carts.add("tailspin", "c-1", LINE, START)
    assert await carts.facts("fabrikam", "c-1") is None
