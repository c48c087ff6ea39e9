"""An offer as the catalog describes it: its faults, its price at an instant, and what a subscription keeps."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.catalog.catalog import ListedOffer
from domain.faults import CATALOG, Fault, faults_of
from tests.support.shop.offers import MICROSOFT, listed_fields

FIRST, SECOND = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
CRM = listed_fields(id="crm")
PRICES = [
    {"at": "2027-01-01T00:00:00Z", "unit_price": "12.00"},
    {"at": "2027-07-01T00:00:00Z", "unit_price": "11.00"},
]


def offer(**changes: Any) -> ListedOffer:
    return ListedOffer.model_validate_json(json.dumps({**CRM, **changes}))


def faults(**changes: Any) -> list[str]:
    """One line a fault, of single fields or of the whole."""
    try:
        found = [Fault(path, got, takes) for path, got, takes in offer(**changes).faults()]
    except ValidationError as error:
        found = faults_of(error, CATALOG)
    return [str(fault) for fault in found]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"vendor": None}, "vendor: got nothing; takes the id of the publisher, because `publisher` is partner"),
        ({"name": ""}, "name: got ''; takes 1 or more characters"),
        ({"name": "   "}, "name: got '   '; takes printable characters, without spaces at the start or the end"),
        ({"name": "A\nB"}, "name: got 'A\\nB'; takes printable characters, without spaces at the start or the end"),
        ({"name": "Z\x00Q"}, "name: got 'Z\\x00Q'; takes printable characters, without spaces at the start or the end"),
        (
            {"name": "\u202eMRC"},
            "name: got '\\u202eMRC'; takes printable characters, without spaces at the start or the end",
        ),
        ({"name": "x" * 201}, f"name: got '{'x' * 76}...; takes at most 200 characters"),
        ({"segments": []}, "segments: got 0; takes 1 or more entries"),
        (
            {"segments": ["rich"]},
            "segments[0]: got 'rich'; takes one of commercial, education, government or nonprofit",
        ),
        ({"segments": "commercial"}, "segments: got 'commercial'; takes a list"),
        ({"countries": []}, "countries: got 0; takes 1 or more entries"),
        ({"countries": ["us"]}, "countries[0]: got 'us'; takes a two-letter ISO 3166 country code"),
        ({"countries": [False]}, "countries[0]: got False; takes text"),
        ({"exclusive_to": ["a b"]}, "exclusive_to[0]: got 'a b'; takes 1 to 64 letters, digits, `_` or `-`"),
        ({"in_programme": "yes"}, "in_programme: got 'yes'; takes true or false"),
        ({"policy": "lax"}, "policy: got 'lax'; takes one of csp-2019"),
        ({"setup": "publisher"}, "setup_url: got nothing; takes the https:// address of the publisher's page"),
        ({"setup_url": "https://x.example"}, "setup_url: got 'https://x.example'; takes nothing: `setup` is none"),
        ({"colour": "blue"}, "colour: got 'blue'; takes no such field; the known ones are in docs/catalog.md"),
        ({"prices": [{"at": "2027-01-01T00:00:00Z"}]}, "prices[0].unit_price: got nothing; takes a value"),
        ({"prices": [{"at": "2027-01-01", "unit_price": "1"}]}, "prices[0].at: got '2027-01-01'; takes an ISO 8601"),
        ({"prices": [{"at": "2027-01-01T00:00:00Z", "unit_price": "1.0000001"}]}, "prices[0].unit_price: got '1.00"),
        ({"prices": [PRICES[1], PRICES[0]]}, "prices[1].at: got 2027-01-01T00:00:00Z; takes an instant after"),
        ({"prices": [PRICES[0], PRICES[0]]}, "prices[1].at: got 2027-01-01T00:00:00Z; takes an instant after"),
        ({"add_ons": [{"id": "a", "unit_price": "1", "currency": "EUR"}]}, "add_ons[0].currency: got 'EUR'; takes USD"),
        ({**MICROSOFT, "vendor": "x"}, "vendor: got 'x'; takes nothing: only partner offers have it"),
        (
            {**MICROSOFT, "countries": ["US", "CA"]},
            "countries: got 'US, CA'; takes nothing: only partner offers have it",
        ),
        ({**MICROSOFT, "exclusive_to": ["p"]}, "exclusive_to: got 'p'; takes nothing: only partner offers have it"),
        ({**MICROSOFT, "in_programme": False}, "in_programme: got False; takes nothing: only partner offers have it"),
        (
            {**MICROSOFT, "setup": "publisher", "setup_url": "https://x.example"},
            "setup: got 'publisher'; takes nothing: only partner offers have it",
        ),
    ],
)
def test_one_line_a_fault(changes: dict[str, Any], line: str) -> None:
    (found,) = faults(**changes)
    assert found.startswith(line)
    assert "\n" not in found


@pytest.mark.parametrize(
    "url",
    [
        "http://setup.contoso.example",
        "https://",
        "https:///start",
        "http://localhost.contoso.example/start",
        "http://127.0.0.1.example",
        "https://x.example/a b",
        "https://x.example/?token=1",
        "https://x.example/#top",
        "https://x.example/\n",
        'https://x.example/"',
        "https://x.example/\u202e",
        "javascript:alert(1)",
        f"https://x.example/{'a' * 500}",
    ],
)
def test_isv_1_a_set_up_page_is_an_https_address_to_which_a_token_can_be_added(url: str) -> None:
    (found,) = faults(setup="publisher", setup_url=url)
    assert found.startswith("setup_url: got '")
    assert "takes an https:// address of at most 500 characters" in found


@pytest.mark.parametrize(
    "url",
    ["https://setup.contoso.example:8443/start/now", "http://127.0.0.1:8235/set-up", "http://localhost:8235/"],
)
def test_a_set_up_page_that_is_taken(url: str) -> None:
    assert faults(setup="publisher", setup_url=url) == []


def test_buy_5_a_price_holds_from_its_instant() -> None:
    listed = offer(prices=PRICES)
    prices = [listed.price_at(at) for at in (FIRST - MICRO, FIRST, SECOND - MICRO, SECOND)]
    assert prices == [Decimal("10.00"), Decimal("12.00"), Decimal("12.00"), Decimal("11.00")]
    assert [price.at for price in listed.coming_prices(FIRST - MICRO)] == [FIRST, SECOND]
    assert [price.at for price in listed.coming_prices(FIRST)] == [SECOND]


def test_buy_5_a_subscription_keeps_the_offer_at_the_price_of_its_purchase() -> None:
    listed = offer(
        prices=PRICES,
        trial_days=30,
        add_ons=[{"id": "backup", "unit_price": "2.50", "currency": "USD"}],
        max_quantity=9,
    )
    sold = listed.sold(FIRST)
    assert (sold.unit_price, sold.trial_days, sold.max_quantity) == (Decimal("12.00"), 30, 9)
    assert "vendor" not in sold.model_dump()
    assert [add_on.model_dump() for add_on in sold.add_ons] == [{"id": "backup", "unit_price": Decimal("2.50")}]
    assert list(sold.faults()) == []
    assert listed.sold(FIRST, trial=False).trial_days == 0
