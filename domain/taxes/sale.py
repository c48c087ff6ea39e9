"""Who sells to whom, as far as taxes ask (MON-13)."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from domain.taxes.treatment import Treatment
from domain.values import Frozen, Id, OmitEmpty

STANDARD_CLASS = "standard"
"""The tax class of an offer that names none."""


class TaxStatus(StrEnum):
    """What a customer is to the tax office."""

    TAXED = "taxed"
    EXEMPT = "exempt"


class TaxRounding(StrEnum):
    """Where tax is rounded: once for each rate of a document, as EN 16931 has it, or in each line."""

    DOCUMENT = "document"
    LINE = "line"


class Buyer(Frozen):
    """The customer, as its record says when an invoice closes."""

    country: str
    tax_id: OmitEmpty[str | None] = None
    status: TaxStatus = TaxStatus.TAXED


class Sale(Frozen):
    """A buyer, the seller's country if it is known, and how the seller rounds."""

    buyer: Buyer
    seller: OmitEmpty[str | None] = None
    rounding: TaxRounding = TaxRounding.DOCUMENT


class Supply(Frozen):
    """What is sold, as far as its tax depends on it: the class, and the UTC date of the charge."""

    tax_class: Id = STANDARD_CLASS
    on: date


class TaxCase(Frozen):
    """What is to be taxed of a sale: each supply once."""

    sale: Sale
    supplies: tuple[Supply, ...]


Treatments = Mapping[Supply, Treatment | None]
"""How each supply is taxed; None where no rate is known, so that no tax is calculated for it."""
