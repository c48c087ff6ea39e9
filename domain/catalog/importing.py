"""Plan an import of catalog files before anything is written: find every fault, or list what changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from domain.catalog.catalog import FIXED, Contents, ListedOffer
from domain.catalog.changes import Changes, PriceChange, PriceList, RecordKind
from domain.catalog.customers import Customer, Partner
from domain.catalog.differences import priced, record_change
from domain.catalog.publishers import ListedPublisher
from domain.faults import Fault, listed
from domain.taxes.sale import STANDARD_CLASS
from domain.taxes.table import ListedTax, faults_of_rates
from domain.values import format_instant

R = TypeVar("R", Partner, Customer, ListedOffer, ListedPublisher, ListedTax)


class ImportRefused(Exception):
    """The contents cannot be imported. `faults` are all that was found; their paths look like `offers[3].term`."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(listed(faults)))
        self.faults = faults


@dataclass(frozen=True)
class RecordIds:
    """The ids of the stored records that an import is compared with."""

    partners: frozenset[str]
    customers: frozenset[str]
    offers: frozenset[str]
    publishers: frozenset[str]


@dataclass(frozen=True)
class Stored:
    """The records that the catalog holds, by id."""

    partners: Mapping[str, Partner]
    customers: Mapping[str, Customer]
    offers: Mapping[str, ListedOffer]
    publishers: Mapping[str, ListedPublisher]
    tax_rates: Mapping[str, ListedTax]
    """All of them."""


@dataclass(frozen=True)
class Plan:
    """The records to write, and a description of the changes. Unchanged records are in neither."""

    changes: Changes
    partners: tuple[Partner, ...]
    customers: tuple[Customer, ...]
    offers: tuple[ListedOffer, ...]
    publishers: tuple[ListedPublisher, ...]
    tax_rates: tuple[ListedTax, ...]


def ids_to_compare(contents: Contents) -> RecordIds:
    """Return the ids of the records in the contents, and of the partners that they refer to."""
    named = {partner.id for partner in contents.partners}
    named |= {customer.partner for customer in contents.customers}
    named |= {partner for offer in contents.offers for partner in offer.exclusive_to}
    return RecordIds(
        partners=frozenset(named),
        customers=frozenset(customer.id for customer in contents.customers),
        offers=frozenset(offer.id for offer in contents.offers),
        publishers=frozenset(publisher.id for publisher in contents.publishers),
    )


def plan(contents: Contents, stored: Stored, at: datetime) -> Plan:
    """Plan the import of the contents at the instant `at`. Raises ImportRefused with every fault.

    `stored` holds those of the records in `ids_to_compare` that the catalog has.
    """
    if faults := [
        *own_faults(contents),
        *_reference_faults(contents, stored),
        *_tax_faults(contents, stored),
        *_history_faults(contents, stored, at),
    ]:
        raise ImportRefused(faults)
    partners = _changed(contents.partners, stored.partners)
    customers = _changed(contents.customers, stored.customers)
    offers = _changed(contents.offers, stored.offers)
    publishers = _changed(contents.publishers, stored.publishers)
    tax_rates = _changed(contents.tax_rates, stored.tax_rates)
    records = [
        *(record_change(RecordKind.PARTNER, partner, stored.partners.get(partner.id)) for partner in partners),
        *(record_change(RecordKind.CUSTOMER, customer, stored.customers.get(customer.id)) for customer in customers),
        *(record_change(RecordKind.OFFER, offer, stored.offers.get(offer.id)) for offer in offers),
        *(record_change(RecordKind.PUBLISHER, each, stored.publishers.get(each.id)) for each in publishers),
        *(record_change(RecordKind.TAX_RATE, each, stored.tax_rates.get(each.id)) for each in tax_rates),
    ]
    known = ((offer, stored.offers.get(offer.id)) for offer in offers)
    # The prices of a new offer change nothing: no subscription has it yet.
    prices = [change for offer, before in known if before is not None for change in price_changes(before, offer)]
    repriced = {change.offer for change in prices}
    lists = [
        PriceList(offer=offer.id, unit_price=offer.unit_price, prices=offer.prices)
        for offer in offers
        if offer.id in repriced
    ]
    changes = Changes(records=tuple(records), prices=tuple(prices), price_lists=tuple(lists))
    return Plan(
        changes=changes,
        partners=partners,
        customers=customers,
        offers=offers,
        publishers=publishers,
        tax_rates=tax_rates,
    )


def own_faults(contents: Contents) -> Iterator[Fault]:
    """Yield the faults of the contents alone, without regard to the catalog."""
    for name in RecordIds.__annotations__:
        yield from repeated(name, [record.id for record in getattr(contents, name)])
    for index, offer in enumerate(contents.offers):
        yield from (fault.under("offers", index) for fault in offer.faults())
    yield from faults_of_rates(contents.tax_rates)


def repeated(name: str, ids: Sequence[object]) -> Iterator[Fault]:
    """Yield a fault for every record whose id an earlier record of the same kind has."""
    seen: set[object] = set()
    for index, record_id in enumerate(ids):
        if isinstance(record_id, str):
            if record_id in seen:
                yield Fault((name, index, "id"), record_id, f"an id that none of the {name} before it has")
            seen.add(record_id)


def price_changes(was: ListedOffer, now: ListedOffer) -> list[PriceChange]:
    """Return each instant from which the new schedule of an offer has another price than the old one, in order."""
    instants = sorted({price.at for price in {*was.prices} ^ {*now.prices}})
    changes = [
        PriceChange(offer=now.id, at=at, currency=now.currency, before=was.price_at(at), after=now.price_at(at))
        for at in instants
    ]
    return [change for change in changes if change.difference]


def _reference_faults(contents: Contents, stored: Stored) -> Iterator[Fault]:
    known = {partner.id for partner in contents.partners} | set(stored.partners)
    takes = "the id of a partner in the import or in the catalog"
    for index, customer in enumerate(contents.customers):
        if customer.partner not in known:
            yield Fault(("customers", index, "partner"), customer.partner, takes)
    for index, offer in enumerate(contents.offers):
        for number, partner in enumerate(offer.exclusive_to):
            if partner not in known:
                yield Fault(("offers", index, "exclusive_to", number), partner, takes)


def _tax_faults(contents: Contents, stored: Stored) -> Iterator[Fault]:
    """Each tax class that an offer names has rates somewhere (MON-13)."""
    known = {**stored.tax_rates, **{rates.id: rates for rates in contents.tax_rates}}.values()
    classes = {STANDARD_CLASS} | {rates.tax_class for rates in known}
    for index, offer in enumerate(contents.offers):
        if offer.tax_class is not None and offer.tax_class not in classes:
            takes = f"a tax class that has rates ({', '.join(sorted(classes))}), or add some to `tax_rates`"
            yield Fault(("offers", index, "tax_class"), offer.tax_class, takes)


def _history_faults(contents: Contents, stored: Stored, at: datetime) -> Iterator[Fault]:
    for index, offer in enumerate(contents.offers):
        if (before := stored.offers.get(offer.id)) is not None:
            found = (*_fixed_faults(before, offer), *_begun_faults(before, offer, at))
            yield from (fault.under("offers", index) for fault in found)


def _fixed_faults(before: ListedOffer, after: ListedOffer) -> Iterator[Fault]:
    for field in FIXED:
        if (was := getattr(before, field)) != (got := getattr(after, field)):
            why = "because subscriptions rely on it; for other terms, add an offer with another id"
            yield Fault((field,), got, f"{was}, as before, {why}")


def _begun_faults(before: ListedOffer, after: ListedOffer, at: datetime) -> Iterator[Fault]:
    """Prices in effect are never rewritten: they stay as they are, and no price is inserted between them."""
    if after.unit_price != before.unit_price:
        instead = "for a new price, add an entry to `prices` with the instant it starts"
        yield Fault(("unit_price",), f"{after.unit_price:f}", f"{before.unit_price:f}, as before; {instead}")
    begun = {price.at: price.unit_price for price in before.prices if price.at <= at}
    if not begun:
        return
    last = max(begun)
    for number, price in enumerate(after.prices):
        if price.at in begun:
            if price.unit_price != (was := begun.pop(price.at)):
                takes = f"{was:f}, as before, because it is already in effect"
                yield Fault(("prices", number, "unit_price"), f"{price.unit_price:f}", takes)
        elif price.at < last:
            takes = f"an instant after {format_instant(last)}, the start of the price now in effect"
            yield Fault(("prices", number, "at"), price.at, takes)
    for missing, was in begun.items():
        takes = f"the entry {priced(missing, was)}, as before, because it is already in effect"
        yield Fault(("prices",), None, takes)


def _changed(records: tuple[R, ...], stored: Mapping[str, R]) -> tuple[R, ...]:
    return tuple(record for record in records if stored.get(record.id) != record)
