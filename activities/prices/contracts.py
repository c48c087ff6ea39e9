"""What the activities that tell subscriptions of prices take and return (BUY-5)."""

from domain.subscription.commands import ChangePrice
from domain.values import Frozen

FAILED_NAMED = 100
"""How many of those that could not be told are named: the rest are counted, so that histories stay small."""


class AffectedInput(Frozen):
    """Which page of the subscriptions that a catalog version's price changes concern."""

    version: int
    after: str | None = None
    limit: int


class Affected(Frozen):
    """One page, in the order of ids; `total` counts all that come after `after`."""

    subscription_ids: tuple[str, ...]
    total: int


class SendPricesInput(Frozen):
    """Subscriptions to tell."""

    version: int
    subscription_ids: tuple[str, ...]


class Told(Frozen):
    """How many took the prices, knew them, had ended, could not be told; `failed` names the first of the last."""

    told: int = 0
    unchanged: int = 0
    ended: int = 0
    failures: int = 0
    failed: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """All of them."""
        return self.told + self.unchanged + self.ended + self.failures

    @classmethod
    def not_told(cls, subscription_id: str) -> "Told":
        """One that could not be told."""
        return cls(failures=1, failed=(subscription_id,))

    def __add__(self, other: "Told") -> "Told":
        return Told(
            told=self.told + other.told,
            unchanged=self.unchanged + other.unchanged,
            ended=self.ended + other.ended,
            failures=self.failures + other.failures,
            failed=(*self.failed, *other.failed)[:FAILED_NAMED],
        )


class PriceMessage(Frozen):
    """What one subscription is to be told; `started` says whether its life has begun in the books."""

    subscription_id: str
    command: ChangePrice
    started: bool
