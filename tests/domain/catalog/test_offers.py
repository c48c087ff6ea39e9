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


def test_mon_1_a_price_has_no_more_decimals_than_its_currency() -> None:
    assert faults() == []
    assert faults(unit_price="10.005") == [("unit_price",)]
    assert faults(currency="JPY", unit_price="980.5") == [("unit_price",)]
    assert faults(currency="KWD", unit_price="1.005") == []
    assert faults(add_ons=[{"id": "x", "unit_price": "1"}, {"id": "y", "unit_price": "0.001"}]) == [
        ("add_ons", 1, "unit_price")
    ]


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
