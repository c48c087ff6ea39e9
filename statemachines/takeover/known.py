"""What a row is judged against."""

from dataclasses import dataclass

from domain.catalog.catalog import ListedOffer
from domain.catalog.customers import Customer


@dataclass(frozen=True)
class Known:
    """What the catalog has of a row's offer and customer (None if unknown), and its version."""

    offer: ListedOffer | None
    customer: Customer | None
    catalog_version: int = 0
