"""How a record differs from what it was, in words."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from domain.catalog.catalog import ListedOffer
from domain.catalog.changes import FieldChange, RecordChange, RecordKind
from domain.catalog.customers import Customer, Partner
from domain.catalog.losses import losses
from domain.catalog.offers import AddOn, Price
from domain.catalog.publishers import ListedPublisher
from domain.taxes.table import DatedRate, ListedTax
from domain.values import format_instant

SHOWN_ENTRIES = 8
Record = Partner | Customer | ListedOffer | ListedPublisher | ListedTax


def record_change(kind: RecordKind, after: Record, before: Record | None) -> RecordChange:
    """What an import changes of the record; all of it, without a state before."""
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
            return priced(value.at, value.unit_price)
        case DatedRate():
            return f"{value.rate:f} from {value.since}" + (f" until {value.until}" if value.until else "")
        case AddOn():
            return f"{value.id}={value.unit_price:f}"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return format_instant(value)
        case _:
            return str(value)


def priced(at: datetime, price: Decimal) -> str:
    """A price and from when it holds."""
    return f"{format_instant(at)}={price:f}"
