"""The records of customers and partners: what an invoice writes of them beside their names."""

import json

import pytest
from pydantic import ValidationError

from domain.catalog.customers import Partner
from domain.faults import faults_of
from domain.values import without_defaults
from tests.support.shop.buyers import customer, partner

ADDRESS = {"street": "1 Harbor Way", "postal_code": "98052", "city": "Redmond", "region": "WA"}


def faults(**changes: object) -> list[str]:
    """The fields that a partner's record names with those changes."""
    with pytest.raises(ValidationError) as refused:
        partner(**changes)
    return [str(fault) for fault in faults_of(refused.value)]


@pytest.mark.parametrize("field", ADDRESS)
def test_an_address_has_a_country(field: str) -> None:
    assert faults(**{field: ADDRESS[field]}) == ["country: got nothing; takes the country of the address"]
    assert partner(country="US", **{field: ADDRESS[field]}).country == "US"


@pytest.mark.parametrize("country", ["us", "USA", "XX", ""])
def test_a_country_is_an_iso_code(country: str) -> None:
    assert faults(country=country) == [
        f"country: got {country!r}; takes a two-letter ISO 3166 country code, such as US, DE or JP"
    ]


@pytest.mark.parametrize("field", [*ADDRESS, "tax_id"])
@pytest.mark.parametrize("text", [" padded", "two\nlines", "\x1b[2J"])
def test_each_is_one_line_that_people_can_read(field: str, text: str) -> None:
    (fault,) = faults(country="US", **{field: text})
    assert fault.startswith(f"{field}: got ")


def test_how_to_pay_has_several_lines_of_readable_words() -> None:
    assert partner(how_to_pay="By transfer.\nWrite the number on it.").how_to_pay
    assert faults(how_to_pay="By transfer.\n\x1b[2J")[0].startswith("how_to_pay: got ")
    assert faults(how_to_pay="x" * 1_001)[0].endswith("takes at most 1000 characters")


def test_what_is_not_given_is_not_written() -> None:
    assert without_defaults(partner()) == {"id": "northwind", "name": "Northwind Traders"}
    given = customer(**ADDRESS, tax_id="US-13", reference="PO 4711")
    assert customer(**json.loads(json.dumps(without_defaults(given)))) == given
    assert Partner.model_validate(partner(country="US", **ADDRESS).model_dump()) == partner(country="US", **ADDRESS)
