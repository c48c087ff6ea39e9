"""Customers, and the partners that sell to them (ELG-3, ELG-5, ELG-8, SUS-3)."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from domain.countries import Country
from domain.taxes.sale import Buyer, TaxRounding, TaxStatus
from domain.values import Id, RequestInstant, Strict, readable

Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(readable)]


class Segment(StrEnum):
    """CAT-2: the market segment of a customer, and those that an offer is sold to."""

    COMMERCIAL = "commercial"
    EDUCATION = "education"
    GOVERNMENT = "government"
    NONPROFIT = "nonprofit"


def _readable_lines(text: str) -> str:
    for line in text.splitlines():
        readable(line)
    return text


Words = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(_readable_lines)]
"""Several lines, such as a bank account and what to write on the transfer."""


class Partner(Strict):
    """A reseller. With an address it has a country; `how_to_pay` is written on its invoices, in its own words.

    Tax is rounded once for each rate of a document, or in each line where `tax_rounding` says so (MON-13).
    """

    id: Id
    name: Name
    street: Name | None = None
    postal_code: Name | None = None
    city: Name | None = None
    region: Name | None = None
    country: Annotated[Country | None, Field(validate_default=True)] = None
    tax_id: Name | None = None
    how_to_pay: Words | None = None
    tax_rounding: Annotated[TaxRounding, Field(strict=False)] = TaxRounding.DOCUMENT

    @field_validator("country")
    @classmethod
    def _of_its_address(cls, country: str | None, info: ValidationInfo) -> str | None:
        given = [name for name in ("street", "postal_code", "city", "region") if info.data.get(name)]
        if given and country is None:
            raise ValueError("takes the country of the address")
        return country


def by_tax_id(status: TaxStatus, info: ValidationInfo) -> TaxStatus:
    """The status, if a tax id proves it where it has to be: a validator of models with a tax id. Raises ValueError."""
    if status is TaxStatus.EXEMPT and not info.data.get("tax_id"):
        raise ValueError("takes exempt only beside a tax_id")
    return status


class Customer(Strict):
    """A customer's record, without which it cannot buy (ELG-8). SUS-3 counts from `account_opened`.

    Address, tax id and the customer's own `reference` are written on its invoices. Country, tax id and `tax_status`
    decide how it is taxed (MON-13).
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
    tax_status: Annotated[TaxStatus, Field(strict=False)] = TaxStatus.TAXED

    exempt_by_its_tax_id = field_validator("tax_status")(by_tax_id)

    @property
    def buyer(self) -> Buyer:
        """What taxes depend on (MON-13)."""
        return Buyer(country=self.country, tax_id=self.tax_id, status=self.tax_status)
