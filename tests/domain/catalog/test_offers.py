"""CAT-1, CAT-2, TIM-6, CXL-6: what an offer is and what no single field shows to be wrong with it."""

import json

import pytest
from pydantic import ValidationError

from domain.catalog.offers import BillingType, Category, Offer, Publisher, Setup
from tests.support.shop.offers import offer_fields


def offer(**changes: object) -> Offer:
    """An offer as it comes in: JSON."""
    return Offer.model_validate_json(json.dumps(offer_fields(**{"id": "crm", **changes})))


def test_the_defaults_of_the_contract() -> None:
    plain = offer()
    assert (plain.publisher, plain.billing_type, plain.category) == (
        Publisher.PARTNER,
        BillingType.LICENSE,
        Category.ENTERPRISE,
    )
    assert (plain.trial_days, plain.setup, plain.add_ons) == (0, Setup.NONE, ())
    assert (plain.min_quantity, plain.max_quantity) == (1, 10_000)
    assert plain.marketplace
    assert not plain.metered


def test_cat_1_only_a_partners_offer_is_of_the_marketplace() -> None:
    assert not offer(publisher="microsoft").marketplace
    assert offer(billing_type="usage").metered


@pytest.mark.parametrize("term", ["P1Y", "P2Y", "P3Y"])
def test_tim_6_annual_needs_a_term_of_a_year_or_more(term: str) -> None:
    assert offer(term=term, billing_plan="annual").months_per_period == 12
    with pytest.raises(ValidationError, match="TIM-6"):
        offer(term="P1M", billing_plan="annual")


def faults(**changes: object) -> list[tuple[object, ...]]:
    """The paths of the offer's faults."""
    return [path for path, _, _ in offer(**changes).faults()]


@pytest.mark.parametrize("currency", ["JPY", "USD", "KWD"])
@pytest.mark.parametrize("price", ["0.000001", "980.5", "0.894040", "1"])
def test_mon_12_a_unit_price_has_up_to_six_decimals_in_any_currency(price: str, currency: str) -> None:
    add_ons = [{"id": "x", "unit_price": price}]
    assert faults(currency=currency, unit_price=price, add_ons=add_ons) == []
    assert str(offer(unit_price=price).unit_price) == price


def test_mon_12_seven_decimals_are_a_fault() -> None:
    (fault,) = offer(unit_price="0.1234567").faults()
    assert str(fault) == "unit_price: got '0.1234567'; takes at most 6 decimals (MON-12)"
    assert faults(currency="JPY", unit_price="980.0000001") == [("unit_price",)]
    assert faults(unit_price="980.0000000") == [], "zeros at the end are no more decimals"
    assert faults(add_ons=[{"id": "x", "unit_price": "1"}, {"id": "y", "unit_price": "0.0000001"}]) == [
        ("add_ons", 1, "unit_price")
    ]


def test_a_price_for_the_largest_quantity_fits_the_ledger() -> None:
    """The limit is exact: decimals that the currency lacks count."""
    assert faults(currency="JPY", unit_price="1000000000", max_quantity=1_000_000_000) == []
    assert faults(currency="JPY", unit_price="1000000000.000001", max_quantity=1_000_000_000) == [("unit_price",)]


def test_a_lines_id_is_its_own() -> None:
    """A ledger key names the line."""
    twice = [{"id": "x", "unit_price": "1"}, {"id": "x", "unit_price": "2"}]
    assert faults(add_ons=twice) == [("add_ons", 1, "id")]
    assert faults(add_ons=[{"id": "crm", "unit_price": "1"}]) == [("add_ons", 0, "id")]


def test_the_least_quantity_is_at_most_the_largest() -> None:
    assert faults(min_quantity=5, max_quantity=5) == []
    assert faults(min_quantity=6, max_quantity=5) == [("min_quantity",)]


def test_an_add_on_is_found_by_its_id() -> None:
    with_backup = offer(add_ons=[{"id": "backup", "unit_price": "2.50"}])
    backup = with_backup.add_on("backup")
    assert backup is not None
    assert str(backup.unit_price) == "2.50"
    assert with_backup.add_on("crm") is None
