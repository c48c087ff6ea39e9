"""Who sells and who buys, as an invoice names them."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.catalog.customers import Customer, Partner
from domain.countries import country_name


@dataclass(frozen=True)
class Party:
    """A name, the lines of an address, and what else the record has; `how_to_pay` is a seller's."""

    name: str
    address: tuple[str, ...] = ()
    tax_id: str | None = None
    reference: str | None = None
    how_to_pay: str | None = None


def seller_of(partner: Partner | None, series: str) -> Party:
    """The partner whose series the invoice is in; without a record only its id is known."""
    if partner is None:
        return Party(name=series)
    return Party(partner.name, tuple(_address(partner)), partner.tax_id, how_to_pay=partner.how_to_pay)


def buyer_of(customer: Customer | None, customer_id: str) -> Party:
    """The customer; without a record only its id is known."""
    if customer is None:
        return Party(name=customer_id)
    return Party(customer.name, tuple(_address(customer)), customer.tax_id, customer.reference)


def _address(record: Partner | Customer) -> Iterator[str]:
    """Street, postal code and city, region, country. A country alone is no address."""
    town = " ".join(part for part in (record.postal_code, record.city) if part)
    lines = [line for line in (record.street, town, record.region) if line]
    yield from lines
    if lines and record.country:
        yield country_name(record.country)
