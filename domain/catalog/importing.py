"""An import of catalog files, decided before anything is written: every fault, or what changes. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from domain.catalog.catalog import FIXED, Contents, ListedOffer, PathFault
from domain.catalog.changes import Changes, FieldChange, Kind, PriceChange, RecordChange
from domain.catalog.customers import Customer, Partner
from domain.catalog.offers import AddOn, Price
from domain.faults import Fault
from domain.values import format_instant

SHOWN_ENTRIES = 8
Record = Partner | Customer | ListedOffer
R = TypeVar("R", Partner, Customer, ListedOffer)


class ImportRefused(Exception):
    """Contents that cannot be imported, with every fault; paths begin at the contents: `offers[3].term`."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class Concerned:
    """The ids of the records that an import has to be compared with."""

    partners: frozenset[str]
    customers: frozenset[str]
    offers: frozenset[str]


@dataclass(frozen=True)
class Stored:
    """What the catalog holds of them, by id."""

    partners: Mapping[str, Partner]
    customers: Mapping[str, Customer]
    offers: Mapping[str, ListedOffer]


@dataclass(frozen=True)
class Plan:
    """What is to be written, and how that is told. Records that stay as they are, are in neither."""

    changes: Changes
    partners: tuple[Partner, ...]
    customers: tuple[Customer, ...]
    offers: tuple[ListedOffer, ...]


def concerned(contents: Contents) -> Concerned:
    """Whatever the contents name, themselves and by reference."""
    named = {partner.id for partner in contents.partners}
    named |= {customer.partner for customer in contents.customers}
    named |= {partner for offer in contents.offers for partner in offer.exclusive_to}
    return Concerned(
        partners=frozenset(named),
        customers=frozenset(customer.id for customer in contents.customers),
        offers=frozenset(offer.id for offer in contents.offers),
    )


def plan(contents: Contents, stored: Stored, at: datetime) -> Plan:
    """What importing the contents at that instant comes to. Raises ImportRefused with every fault.

    `stored` holds what there is of the concerned records. What the contents do not name stays as it is.
    """
    if faults := [*own_faults(contents), *_reference_faults(contents, stored), *_history_faults(contents, stored, at)]:
        raise ImportRefused(faults)
    partners = _changed(contents.partners, stored.partners)
    customers = _changed(contents.customers, stored.customers)
    offers = _changed(contents.offers, stored.offers)
    records = [
        *(_record_change(Kind.PARTNER, partner, stored.partners.get(partner.id)) for partner in partners),
        *(_record_change(Kind.CUSTOMER, customer, stored.customers.get(customer.id)) for customer in customers),
        *(_record_change(Kind.OFFER, offer, stored.offers.get(offer.id)) for offer in offers),
    ]
    known = ((offer, stored.offers.get(offer.id)) for offer in offers)
    # A new offer's prices change nothing for anybody: nobody has it.
    prices = [change for offer, before in known if before is not None for change in price_changes(before, offer)]
    changes = Changes(records=tuple(records), prices=tuple(prices))
    return Plan(changes=changes, partners=partners, customers=customers, offers=offers)


def own_faults(contents: Contents) -> Iterator[Fault]:
    """What is wrong with the contents whatever the catalog holds."""
    for name in Contents.model_fields:
        yield from repeated(name, [record.id for record in getattr(contents, name)])
    for index, offer in enumerate(contents.offers):
        yield from _of_offer(index, offer.faults())


def repeated(name: str, ids: Sequence[object]) -> Iterator[Fault]:
    """The ids of one kind of record that came before, each as a fault of the later record."""
    seen: set[object] = set()
    for index, record_id in enumerate(ids):
        if isinstance(record_id, str):
            if record_id in seen:
                yield Fault((name, index, "id"), record_id, f"each id once: one of the {name} before has it")
            seen.add(record_id)


def price_changes(was: ListedOffer, now: ListedOffer) -> list[PriceChange]:
    """Where the two price schedules of one offer part, in order: each instant at which the price becomes another."""
    parted = sorted({price.at for price in {*was.prices} ^ {*now.prices}})
    changes = [
        PriceChange(offer=now.id, at=at, currency=now.currency, before=was.price_at(at), after=now.price_at(at))
        for at in parted
    ]
    return [change for change in changes if change.difference]


def _reference_faults(contents: Contents, stored: Stored) -> Iterator[Fault]:
    known = {partner.id for partner in contents.partners} | set(stored.partners)
    takes = "the id of a partner of the import or the catalog"
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
            yield from _of_offer(index, _fixed_faults(before, offer))
            yield from _of_offer(index, _begun_faults(before, offer, at))


def _fixed_faults(before: ListedOffer, after: ListedOffer) -> Iterator[PathFault]:
    for field in FIXED:
        if (was := getattr(before, field)) != (got := getattr(after, field)):
            yield (field,), got, f"{was}, as before: subscriptions rely on it; other terms take an offer of another id"


def _begun_faults(before: ListedOffer, after: ListedOffer, at: datetime) -> Iterator[PathFault]:
    """What was charged by is not rewritten: prices that have begun stay, and nothing comes between them."""
    if after.unit_price != before.unit_price:
        takes = f"{before.unit_price:f}, as before: a new price takes an entry in `prices` with the instant it begins"
        yield ("unit_price",), f"{after.unit_price:f}", takes
    begun = {price.at: price.unit_price for price in before.prices if price.at <= at}
    if not begun:
        return
    last = max(begun)
    for number, price in enumerate(after.prices):
        if price.at in begun:
            if price.unit_price != (was := begun.pop(price.at)):
                takes = f"{was:f}, as before: it has begun"
                yield ("prices", number, "unit_price"), f"{price.unit_price:f}", takes
        elif price.at < last:
            takes = f"an instant after {format_instant(last)}, the last price that has begun"
            yield ("prices", number, "at"), price.at, takes
    for missing, was in begun.items():
        yield ("prices",), None, f"the entry {_priced(missing, was)}, as before: it has begun"


def _of_offer(index: int, faults: Iterator[PathFault]) -> Iterator[Fault]:
    for path, got, takes in faults:
        yield Fault(path=("offers", index, *path), got=got, takes=takes)


def _changed(records: tuple[R, ...], stored: Mapping[str, R]) -> tuple[R, ...]:
    return tuple(record for record in records if stored.get(record.id) != record)


def _record_change(kind: Kind, after: Record, before: Record | None) -> RecordChange:
    fields = [] if before is None else list(_field_changes(before, after))
    return RecordChange(kind=kind, id=after.id, new=before is None, fields=tuple(fields))


def _field_changes(before: Record, after: Record) -> Iterator[FieldChange]:
    for field in type(after).model_fields:
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            yield FieldChange(field=field, before=in_words(was), after=in_words(now))


def in_words(value: object) -> str:
    """A field's value as short text, a list by its first entries."""
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
