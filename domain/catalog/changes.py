"""What an import changes in the catalog, said in words that a person checks."""

from decimal import Decimal
from enum import StrEnum

from domain.values import ExactDecimal, Frozen, Instant


class Kind(StrEnum):
    """What is kept."""

    PARTNER = "partner"
    CUSTOMER = "customer"
    OFFER = "offer"


class FieldChange(Frozen):
    """One field, before and after, as short text."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}: {self.before} -> {self.after}"


class RecordChange(Frozen):
    """One record that is new or changed; of a new one no fields are told."""

    kind: Kind
    id: str
    new: bool
    fields: tuple[FieldChange, ...] = ()


class PriceChange(Frozen):
    """A price that an offer will have from an instant on, or no longer will (`after` is then the one before it)."""

    offer: str
    at: Instant
    currency: str
    before: ExactDecimal
    after: ExactDecimal

    @property
    def difference(self) -> Decimal:
        """Positive where it becomes dearer."""
        return self.after - self.before


class Changes(Frozen):
    """Everything that one import changes; nothing where the catalog is so already."""

    records: tuple[RecordChange, ...] = ()
    prices: tuple[PriceChange, ...] = ()

    @property
    def repriced(self) -> tuple[str, ...]:
        """The offers whose subscriptions are to be told."""
        return tuple(dict.fromkeys(change.offer for change in self.prices))

    def __bool__(self) -> bool:
        return bool(self.records or self.prices)


class CatalogVersion(Frozen):
    """One import that changed something. `told_at` is when every subscription concerned knew its prices."""

    number: int
    at: Instant
    source: str
    changes: Changes
    told_at: Instant | None = None


class Imported(Frozen):
    """What an import came to: the version that the catalog has after it, and what it changed."""

    version: int
    changes: Changes
