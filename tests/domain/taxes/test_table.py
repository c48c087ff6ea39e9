"""MON-13: the table of tax rates, who is taxed how, and what is wrong with a table."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.faults import faults_of
from domain.taxes.sale import Buyer, Sale, Supply, TaxCase, TaxStatus
from domain.taxes.table import ListedTax, TaxTable, faults_of_rates
from domain.taxes.treatment import Treatment

CHANGES = date(2026, 7, 1)
GERMANY = {
    "country": "DE",
    "rates": [{"from": "2007-01-01", "until": "2026-07-01", "rate": "0.19"}, {"from": "2026-07-01", "rate": "0.16"}],
}
FRANCE = {"country": "FR", "reverse_charge": True, "rates": [{"from": "2014-01-01", "rate": "0.20"}]}
PRESS = {"country": "DE", "tax_class": "press", "rates": [{"from": "2007-01-01", "rate": "0"}]}


def listed(**changes: Any) -> ListedTax:
    return ListedTax.model_validate_json(json.dumps({**GERMANY, **changes}))


TABLE = TaxTable.model_validate_json(json.dumps({"tax_rates": [GERMANY, FRANCE, PRESS]}))


def treated(
    buyer: Buyer, seller: str | None = None, on: date = CHANGES, tax_class: str = "standard"
) -> Treatment | None:
    supply = Supply(tax_class=tax_class, on=on)
    case = TaxCase(sale=Sale(buyer=buyer, seller=seller), supplies=(supply,))
    return TABLE.treatments(case)[supply]


@pytest.mark.parametrize(
    ("days", "rate"), [(-1, "0.19"), (0, "0.16"), (1, "0.16"), (-(CHANGES - date(2007, 1, 1)).days, "0.19")]
)
def test_mon_13_a_rate_holds_from_its_first_day_until_the_next_one_does(days: int, rate: str) -> None:
    found = treated(Buyer(country="DE"), on=CHANGES + timedelta(days))
    assert found == Treatment.model_validate({"category": "S", "rate": rate})


@pytest.mark.parametrize(
    ("buyer", "seller", "tax_class", "category"),
    [
        (Buyer(country="DE", tax_id="DE1"), "DE", "standard", "S"),
        (Buyer(country="FR"), "DE", "standard", "S"),
        (Buyer(country="FR", tax_id="FR1"), "DE", "standard", "AE"),
        (Buyer(country="FR", tax_id="FR1"), None, "standard", "AE"),
        (Buyer(country="FR", tax_id="FR1"), "FR", "standard", "S"),
        (Buyer(country="DE", tax_id="DE1"), "FR", "standard", "S"),
        (Buyer(country="DE"), "DE", "press", "Z"),
        (Buyer(country="FR"), "DE", "press", None),
        (Buyer(country="US"), "DE", "standard", None),
        (Buyer(country="US", tax_id="US1", status=TaxStatus.EXEMPT), "DE", "standard", "E"),
        (Buyer(country="FR", tax_id="FR1", status=TaxStatus.EXEMPT), "DE", "standard", "E"),
    ],
)
def test_mon_13_buyer_and_seller_decide(buyer: Buyer, seller: str | None, tax_class: str, category: str | None) -> None:
    found = treated(buyer, seller, tax_class=tax_class)
    assert (found and found.category.value) == category


def test_mon_13_before_the_first_rate_none_is_known() -> None:
    assert treated(Buyer(country="DE"), on=date(2006, 12, 31)) is None


@pytest.mark.parametrize(("rate", "words"), [("0.19", "19 %"), ("0.0825", "8.25 %"), ("0.20", "20 %"), ("0.1", "10 %")])
def test_a_rate_as_people_read_it(rate: str, words: str) -> None:
    assert Treatment.model_validate({"category": "S", "rate": rate}).words == f"Tax {words}"


@pytest.mark.parametrize(
    ("rates", "fault"),
    [
        (
            [{"from": "2020-01-01", "until": "2021-02-01", "rate": "0.1"}, {"from": "2021-01-01", "rate": "0.2"}],
            "rates[1].from: got 2021-01-01; takes 2021-02-01, the day until which the rate before it holds",
        ),
        (
            [{"from": "2020-01-01", "until": "2021-01-01", "rate": "0.1"}, {"from": "2021-01-02", "rate": "0.2"}],
            "rates[1].from: got 2021-01-02; takes 2021-01-01, the day until which the rate before it holds",
        ),
        (
            [{"from": "2020-01-01", "rate": "0.1"}, {"from": "2021-01-01", "rate": "0.2"}],
            "rates[0].until: got nothing; takes 2021-01-01, the day from which the next rate holds",
        ),
        (
            [{"from": "2020-01-01", "until": "2020-01-01", "rate": "0.1"}],
            "rates[0].until: got 2020-01-01; takes a day after 2020-01-01, its first",
        ),
    ],
)
def test_days_that_do_not_follow_each_other(rates: list[dict[str, str]], fault: str) -> None:
    (found,) = listed(rates=rates).faults()
    assert str(found).startswith(fault.replace("got 20", "got '20") if "'" in str(found) else fault)


def test_one_country_and_class_twice() -> None:
    (fault,) = faults_of_rates([listed(), listed(tax_class="press"), listed()])
    assert str(fault).startswith("tax_rates[2].country: got 'DE/standard'; takes a country and a tax class that no")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"country": "GER"}, "country: got 'GER'; takes a two-letter ISO 3166 country code"),
        ({"rates": []}, "rates: got 0; takes 1 or more entries"),
        ({"rates": [{"from": "2026-07-01", "rate": "20"}]}, "rates[0].rate: got '20'; takes a fraction below 1: 0.20"),
        ({"rates": [{"from": "2026-07-01", "rate": 0.2}]}, "rates[0].rate: got 0.2; takes digits in a string"),
        ({"rates": [{"from": "2026-07-01", "rate": "-0.2"}]}, "rates[0].rate: got '-0.2'; takes digits in a string"),
        ({"rates": [{"from": "2026-02-30", "rate": "0.2"}]}, "rates[0].from: got '2026-02-30'; takes a day such as"),
        ({"rates": [{"from": "2026-07-01T00:00:00Z", "rate": "0.2"}]}, "rates[0].from: got '2026-07-01T00:00:00Z'; "),
        ({"rates": [{"from": None, "rate": "0.2"}]}, "rates[0].from: got nothing; takes a day such as 2026-07-01"),
        ({"rates": [{"rate": "0.2"}]}, "rates[0].from: got nothing; takes a value; it is required"),
        ({"reverse_charge": "yes"}, "reverse_charge: got 'yes'; takes true or false"),
        ({"tax_class": "a/b"}, "tax_class: got 'a/b'; takes 1 to 64 letters"),
        ({"rate": "0.2"}, "rate: got '0.2'; takes no such field"),
    ],
)
def test_a_malformed_entry(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as raised:
        listed(**changes)
    assert str(faults_of(raised.value)[0]).startswith(fault)


def test_what_is_written_is_read_again() -> None:
    assert ListedTax.model_validate_json(listed().model_dump_json()) == listed()
    assert '"from":"2007-01-01"' in listed().model_dump_json()
    assert listed().rates[0].rate == Decimal("0.19")
