"""Plan an import of catalog files before anything is written: find every fault, or list what changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from domain.catalog.catalog import FIXED, Contents, ListedOffer
from domain.catalog.changes import Changes, FieldChange, PriceChange, PriceList, RecordChange, RecordKind
from domain.catalog.customers import Customer, Partner
from domain.catalog.losses import losses
from domain.catalog.offers import AddOn, Price
from domain.catalog.publishers import ListedPublisher
from domain.faults import Fault, listed
from domain.values import format_instant

SHOWN_ENTRIES = 8
Record = Partner | Customer | ListedOffer | ListedPublisher
R = TypeVar("R", Partner, Customer, ListedOffer, ListedPublisher)


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


@dataclass(frozen=True)
class Plan:
    """The records to write, and a description of the changes. Unchanged records are in neither."""

    changes: Changes
    partners: tuple[Partner, ...]
    customers: tuple[Customer, ...]
    offers: tuple[ListedOffer, ...]
    publishers: tuple[ListedPublisher, ...]


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
    if faults := [*own_faults(contents), *_reference_faults(contents, stored), *_history_faults(contents, stored, at)]:
        raise ImportRefused(faults)
    partners = _changed(contents.partners, stored.partners)
    customers = _changed(contents.customers, stored.customers)
    offers = _changed(contents.offers, stored.offers)
    publishers = _changed(contents.publishers, stored.publishers)
    records = [
        *(_record_change(RecordKind.PARTNER, partner, stored.partners.get(partner.id)) for partner in partners),
        *(_record_change(RecordKind.CUSTOMER, customer, stored.customers.get(customer.id)) for customer in customers),
        *(_record_change(RecordKind.OFFER, offer, stored.offers.get(offer.id)) for offer in offers),
        *(_record_change(RecordKind.PUBLISHER, each, stored.publishers.get(each.id)) for each in publishers),
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
    return Plan(changes=changes, partners=partners, customers=customers, offers=offers, publishers=publishers)


def own_faults(contents: Contents) -> Iterator[Fault]:
    """Yield the faults of the contents alone, without regard to the catalog."""
    for name in Contents.model_fields:
        yield from repeated(name, [record.id for record in getattr(contents, name)])
    for index, offer in enumerate(contents.offers):
        yield from (fault.under("offers", index) for fault in offer.faults())


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
        takes = f"the entry {_priced(missing, was)}, as before, because it is already in effect"
        yield Fault(("prices",), None, takes)


def _changed(records: tuple[R, ...], stored: Mapping[str, R]) -> tuple[R, ...]:
    return tuple(record for record in records if stored.get(record.id) != record)


def _record_change(kind: RecordKind, after: Record, before: Record | None) -> RecordChange:
    fields = [] if before is None else list(_field_changes(before, after))
    lost: tuple[str, ...] = ()
    if isinstance(before, ListedOffer) and isinstance(after, ListedOffer):
        lost = tuple(losses(before, after))
    return RecordChange(kind=kind, id=after.id, new=before is None, fields=tuple(fields), losses=lost)


def _field_changes(before: Record, after: Record) -> Iterator[FieldChange]:
    for field in type(after).model_fields:
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            yield FieldChange(field=field, before=in_words(was), after=in_words(now))


def in_words(value: object) -> str:
    """Return a field's value as short text; of a long list, only the first entries."""
    match value:
        case None | ():
            return "none"
        case bool():
            return str(value).lower()
        case tuple():
            shown = ", ".join(in_words(entry) for entry in value[:SHOWN_ENTRIES])
            return shown if len(value) <= SHOWN_ENTRIES else f"{shown} and {len(value) - SHOWN_ENTRIES:,} more"
        case Price():
            return _priced(value.at, value.unit_price)
        case AddOn():
            return f"{value.id}={value.unit_price:f}"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return format_instant(value)
        case _:
            return str(value)


def _priced(at: datetime, price: Decimal) -> str:
    return f"{format_instant(at)}={price:f}"
