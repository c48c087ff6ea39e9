"""What an import changes in the catalog, in a form that a person can check."""

from decimal import Decimal
from enum import StrEnum

from domain.catalog.offers import Price
from domain.values import ExactDecimal, Frozen, Instant, OmitEmpty


class RecordKind(StrEnum):
    """The kinds of records in the catalog."""

    PARTNER = "partner"
    CUSTOMER = "customer"
    OFFER = "offer"
    PUBLISHER = "publisher"
    TAX_RATE = "tax rate"


class FieldChange(Frozen):
    """The values of one field before and after the import, as short text."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}: {self.before} -> {self.after}"


class RecordChange(Frozen):
    """A record that is new or changed. `fields` is empty for a new one.

    `losses` are what an offer had and has no more, such as an add-on: a person confirms them.
    """

    kind: RecordKind
    id: str
    new: bool
    fields: tuple[FieldChange, ...] = ()
    losses: OmitEmpty[tuple[str, ...]] = ()


class PriceChange(Frozen):
    """An offer's price from `at` on becomes `after`; before the import it would have been `before`."""

    offer: str
    at: Instant
    currency: str
    before: ExactDecimal
    after: ExactDecimal

    @property
    def difference(self) -> Decimal:
        """Positive for a price increase."""
        return self.after - self.before


class PriceList(Frozen):
    """All prices of an offer as an import left them: the first one, and those that replace it, in order."""

    offer: str
    unit_price: ExactDecimal
    prices: tuple[Price, ...] = ()


class Changes(Frozen):
    """Everything that one import changes. It is false if the catalog holds all of it already.

    `price_lists` are those of the repriced offers after the import. Imports by earlier programs have none.
    """

    records: tuple[RecordChange, ...] = ()
    prices: tuple[PriceChange, ...] = ()
    price_lists: tuple[PriceList, ...] = ()

    @property
    def repriced(self) -> tuple[str, ...]:
        """The offers whose prices change: their subscriptions receive the new prices."""
        return tuple(dict.fromkeys(change.offer for change in self.prices))

    @property
    def with_losses(self) -> tuple[RecordChange, ...]:
        """The changed records from which something is taken away."""
        return tuple(record for record in self.records if record.losses)

    def __bool__(self) -> bool:
        return bool(self.records or self.prices)


class CatalogVersion(Frozen):
    """One import that changed something. `told_at` is when the last of its subscriptions had the new prices."""

    number: int
    at: Instant
    source: str
    changes: Changes
    told_at: Instant | None = None


class Imported(Frozen):
    """The result of an import: the catalog's version after it, and what it changed."""

    version: int
    changes: Changes
