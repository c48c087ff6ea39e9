"""The sample catalog, and what a purchase from it is checked and claimed for."""

from datetime import UTC, datetime

import pytest

from cli import catalog
from cli.catalog import Catalog
from domain import eligibility
from domain.order import Order


@pytest.fixture(scope="module")
def sold() -> Catalog:
    return catalog.load()


def order(sold: Catalog, offer: str, quantity: int = 1, by: str = "admin_agent") -> Order:
    at = datetime(2027, 1, 31, 9, tzinfo=UTC)
    bought = sold.offer(offer).sold()
    return Order(subscription_id="s-1", customer="adatum", offer=bought, at=at, quantity=quantity, by=by)


def test_it_has_offers_of_each_kind_without_a_fault(sold: Catalog) -> None:
    assert len(sold.offers) >= 8
    assert len(sold.customers) >= 4
    assert [fault for offer in sold.offers for fault in offer.sold().faults()] == []
    assert {offer.publisher for offer in sold.offers} == {"microsoft", "partner"}
    assert {offer.billing_type for offer in sold.offers} == {"license", "usage"}
    assert {offer.billing_plan for offer in sold.offers} == {"monthly", "annual", "one_time"}
    assert {offer.setup for offer in sold.offers} == {"none", "publisher"}


def test_a_subscription_keeps_the_offer_alone(sold: Catalog) -> None:
    assert "one_per_customer" not in sold.offer("compute").sold().model_dump()


@pytest.mark.parametrize(("quantity", "rule"), [(1, None), (500, None), (501, "ELG-8")])
def test_the_offers_own_bounds(sold: Catalog, quantity: int, rule: str | None) -> None:
    denied = eligibility.refusal(order(sold, "contoso-crm", quantity))
    assert (denied.rule if denied else None) == rule


@pytest.mark.parametrize(("by", "rule"), [("sales_agent", None), ("publisher", "ROL-4"), ("nobody", "ROL-1")])
def test_who_may_buy(sold: Catalog, by: str, rule: str | None) -> None:
    denied = eligibility.refusal(order(sold, "contoso-crm", by=by))
    assert (denied.rule if denied else None) == rule


def test_what_is_claimed(sold: Catalog) -> None:
    def keys(offer: str) -> list[tuple[str, bool]]:
        one = sold.offer(offer).one_per_customer
        return [(claim.key, claim.permanent) for claim in eligibility.claims(order(sold, offer), one_per_customer=one)]

    assert keys("contoso-crm") == []
    assert keys("compute") == [("one-per-customer/adatum/compute", False)]
    assert keys("fabrikam-mail") == [("trial/adatum/fabrikam-mail", True)]
    assert keys("wingtip-crm") == [("one-per-customer/adatum/wingtip-crm", False), ("trial/adatum/wingtip-crm", True)]
