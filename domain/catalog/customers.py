"""Customers, and the partners that sell to them (ELG-3, ELG-5, ELG-8, SUS-3)."""

from enum import StrEnum
from typing import Annotated

from iso3166 import countries_by_alpha2
from pydantic import AfterValidator, Field

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


class Partner(Strict):
    """A reseller."""

    id: Id
    name: Name


class Customer(Strict):
    """A customer's record, without which it cannot buy (ELG-8). SUS-3 counts from `account_opened`."""

    id: Id
    name: Name
    partner: Id
    country: Country
    segment: Annotated[Segment, Field(strict=False)]
    account_opened: RequestInstant
