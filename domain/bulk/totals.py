"""What a bulk operation comes to: how many items there are of each kind, and their money per currency."""

from collections import Counter
from collections.abc import Iterable

from domain.bulk.items import Item, ItemStatus
from domain.money import Money, from_minor, to_minor
from domain.subscription.decision import Outcome
from domain.values import Frozen


class Sum(Frozen):
    """The items of one status, outcome and currency, with their credits and charges in minor units."""

    status: ItemStatus
    outcome: Outcome | None = None
    currency: str | None = None
    items: int
    credit: int = 0
    charge: int = 0


class Totals(Frozen):
    """All sums of an operation."""

    sums: tuple[Sum, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Item]) -> "Totals":
        """The totals of these items."""
        count: Counter[tuple[ItemStatus, Outcome | None, str | None]] = Counter()
        credits_, charges = count.copy(), count.copy()
        for item in items:
            key = (item.status, item.outcome, item.currency)
            count[key] += 1
            credits_[key] += _minor(item.credit)
            charges[key] += _minor(item.charge)
        return cls.in_order(
            Sum(
                status=key[0],
                outcome=key[1],
                currency=key[2],
                items=number,
                credit=credits_[key],
                charge=charges[key],
            )
            for key, number in count.items()
        )

    @classmethod
    def in_order(cls, sums: Iterable[Sum]) -> "Totals":
        """These sums, in the order in which they are always shown."""
        places = list(ItemStatus)
        return cls(sums=tuple(sorted(sums, key=lambda s: (places.index(s.status), s.outcome or "", s.currency or ""))))

    @property
    def items(self) -> int:
        """How many items there are."""
        return sum(each.items for each in self.sums)

    def count(self, *statuses: ItemStatus) -> int:
        """How many items have one of these statuses."""
        return sum(each.items for each in self.sums if each.status in statuses)

    def outcomes(self, status: ItemStatus) -> dict[Outcome, int]:
        """How many items of the status have each outcome."""
        found: Counter[Outcome] = Counter()
        for each in self.sums:
            if each.status is status and each.outcome is not None:
                found[each.outcome] += each.items
        return dict(found)

    def credits(self, status: ItemStatus) -> tuple[Money, ...]:
        """The credits of the items of that status, per currency."""
        return self._money(status, "credit")

    def charges(self, status: ItemStatus) -> tuple[Money, ...]:
        """The charges of the items of that status, per currency."""
        return self._money(status, "charge")

    def _money(self, status: ItemStatus, side: str) -> tuple[Money, ...]:
        found: Counter[str] = Counter()
        for each in self.sums:
            if each.status is status and each.currency is not None:
                found[each.currency] += getattr(each, side)
        return tuple(
            Money(amount=from_minor(minor, currency), currency=currency)
            for currency, minor in sorted(found.items())
            if minor
        )


def _minor(money: Money | None) -> int:
    return to_minor(money.amount, money.currency) if money else 0
