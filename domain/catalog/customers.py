"""Customers, and the partners that sell to them (ELG-3, ELG-5, ELG-8, SUS-3)."""

from enum import StrEnum
from typing import Annotated

from iso3166 import countries_by_alpha2
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from domain.values import Id, RequestInstant, Strict, readable

Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(readable)]


class Segment(StrEnum):
    """CAT-2: the market segment of a customer, and those that an offer is sold to."""

    COMMERCIAL = "commercial"
    EDUCATION = "education"
    GOVERNMENT = "government"
    NONPROFIT = "nonprofit"


def _known_country(code: str) -> str:
    if code not in countries_by_alpha2:
        raise ValueError("takes a two-letter ISO 3166 country code, such as US, DE or JP")
    return code


Country = Annotated[str, AfterValidator(_known_country)]


def _readable_lines(text: str) -> str:
    for line in text.splitlines():
        readable(line)
    return text


Words = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(_readable_lines)]
"""Several lines, such as a bank account and what to write on the transfer."""


class Partner(Strict):
    """A reseller. With an address it has a country; `how_to_pay` is written on its invoices, in its own words."""

    id: Id
    name: Name
    street: Name | None = None
    postal_code: Name | None = None
    city: Name | None = None
    region: Name | None = None
    country: Annotated[Country | None, Field(validate_default=True)] = None
    tax_id: Name | None = None
    how_to_pay: Words | None = None

    @field_validator("country")
    @classmethod
    def _of_its_address(cls, country: str | None, info: ValidationInfo) -> str | None:
        given = [name for name in ("street", "postal_code", "city", "region") if info.data.get(name)]
        if given and country is None:
            raise ValueError("takes the country of the address")
        return country


class Customer(Strict):
    """A customer's record, without which it cannot buy (ELG-8). SUS-3 counts from `account_opened`.

    Address, tax id and the customer's own `reference` are written on its invoices.
    """

    id: Id
    name: Name
    partner: Id
    country: Country
    segment: Annotated[Segment, Field(strict=False)]
    account_opened: RequestInstant
    street: Name | None = None
    postal_code: Name | None = None
    city: Name | None = None
    region: Name | None = None
    tax_id: Name | None = None
    reference: Name | None = None
