"""The catalog by the use cases alone: browse it with reasons, import it, and find the prices to send (CAT-2, ELG-9)."""

import pytest

from domain.catalog.catalog import Contents
from domain.catalog.importing import ImportRefused
from domain.catalog.offers import Category
from domain.next_step import Do, RefusedByRule
from domain.ordering.eligibility import CHOOSE_OFFER
from domain.ordering.lines import Line, OrderRequest
from domain.rules import Rule
from perennial.catalog import browsing
from perennial.catalog.browsing import OfferFilters
from perennial.sources.books import NotInBooks
from tests.support.instants import DAY, START
from tests.support.shop.buyers import customer, partner
from tests.support.shop.offers import listed
from tests.support.shop.orders import stock
from tests.support.shop.use_cases import Shop

LATER = [{"at": START + 30 * DAY, "unit_price": "12.00"}]


def contents(price_changes: list[dict[str, object]] | None = None) -> Contents:
    offer = listed(prices=price_changes) if price_changes else listed()
    return Contents(partners=(partner(),), customers=(customer(),), offers=(offer,))


def rules(page: browsing.OfferPage) -> dict[str, list[str]]:
    return {row.offer.id: [refusal.rule.value for refusal in row.refusals] for row in page.rows}


async def test_offers_are_listed_for_a_customer_with_reasons(shop: Shop) -> None:
    elsewhere = listed(id="in-france", countries=["FR"])
    await stock(shop.database, partner(), customer(), listed(), elsewhere, listed(id="trial", category="trial"))
    every = await shop.perennial.catalog.offers(OfferFilters())
    assert [row.offer.id for row in every.rows] == ["contoso-crm", "in-france", "trial"]
    assert rules(await shop.perennial.catalog.offers(OfferFilters(customer="fabrikam"))) == {
        "contoso-crm": [],
        "trial": [],
    }
    explained = await shop.perennial.catalog.offers(OfferFilters(customer="fabrikam", explain=True))
    assert rules(explained) == {"contoso-crm": [], "in-france": ["ELG-3"], "trial": []}
    trials = await shop.perennial.catalog.offers(OfferFilters(category=Category.TRIAL))
    assert [row.offer.id for row in trials.rows] == ["trial"]


async def test_pages_follow_one_another(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browsing, "BATCH", 2)
    hidden = [listed(id=f"hidden-{number}", countries=["FR"]) for number in range(5)]
    await stock(shop.database, partner(), customer(), *hidden, *(listed(id=f"offer-{number}") for number in range(3)))
    wanted = OfferFilters(customer="fabrikam")
    first = await shop.perennial.catalog.offers(wanted, limit=2)
    assert ([row.offer.id for row in first.rows], first.more) == (["offer-0", "offer-1"], True)
    rest = await shop.perennial.catalog.offers(wanted, limit=2, after="offer-1")
    assert ([row.offer.id for row in rest.rows], rest.more, rest.empty) == (["offer-2"], False, False)


async def test_an_offer_is_shown_with_its_verdict(shop: Shop) -> None:
    assert (await shop.perennial.catalog.offers(OfferFilters())).empty
    with pytest.raises(NotInBooks) as empty:
        await shop.perennial.catalog.offer("contoso-crm")
    assert empty.value.next_step is not None
    assert empty.value.next_step.do is Do.IMPORT_CATALOG
    await shop.perennial.catalog_import.run(contents(), "a test")
    details = await shop.perennial.catalog.offer("contoso-crm", "fabrikam")
    assert (details.shown.refusals, details.customer, details.at) == ((), customer(), START)
    with pytest.raises(RefusedByRule) as unknown:
        await shop.perennial.catalog.offer("nothing")
    assert (unknown.value.rule, unknown.value.next_step) == (Rule.ELG_6, CHOOSE_OFFER)


async def test_an_import_is_previewed_and_its_prices_are_to_be_sent(shop: Shop) -> None:
    preview = await shop.perennial.catalog_import.check(contents())
    assert (preview.version, len(preview.imported.changes.records)) == (0, 3)
    assert (await shop.perennial.catalog_import.run(contents(), "a test")).version == 1
    with pytest.raises(ImportRefused, match="as before, because subscriptions rely on it"):
        await shop.perennial.catalog_import.check(Contents(offers=(listed(term="P1Y"),)))
    request = OrderRequest(order_id="o-1", customer="fabrikam", lines=(Line(offer="contoso-crm"),))
    await shop.perennial.orders.buy(request)
    await shop.perennial.catalog_import.run(contents(LATER), "a test")
    assert await shop.perennial.catalog_import.unsent_prices() == {2: 1}


async def test_prices_that_concern_nobody_need_not_be_sent(shop: Shop) -> None:
    await shop.perennial.catalog_import.run(contents(), "a test")
    await shop.perennial.catalog_import.run(contents(LATER), "a test")
    shop.transactions()
    assert await shop.perennial.catalog_import.unsent_prices() == {}
    assert shop.transactions() == {"read": 2, "write": 1}, "noted as sent"
    assert await shop.perennial.catalog_import.unsent_prices() == {}
    assert shop.transactions() == {"read": 1}


async def test_customers_with_what_they_have(shop: Shop) -> None:
    await stock(shop.database, partner(), customer(), customer(id="tailspin"), listed())
    page = await shop.perennial.customers.list(limit=1)
    assert ([found.id for found in page.customers], page.more) == (["fabrikam"], True)
    rest = await shop.perennial.customers.list("northwind", after="fabrikam")
    assert ([found.id for found in rest.customers], rest.more) == (["tailspin"], False)
    details = await shop.perennial.customers.show("fabrikam")
    assert (details.partner, details.subscriptions) == (partner(), {})
    with pytest.raises(RefusedByRule) as nobody:
        await shop.perennial.customers.show("nobody")
    assert nobody.value.rule is Rule.ELG_8
