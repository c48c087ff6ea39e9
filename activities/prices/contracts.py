"""What the activities that send prices to subscriptions take and return (BUY-5)."""

from domain.subscription.commands import ChangePrice
from domain.values import Frozen

FAILED_NAMED = 100
"""How many unreached subscriptions are named. The others are only counted, so that histories stay small."""


class AffectedInput(Frozen):
    """A page of the subscriptions that a catalog version's price changes affect."""

    version: int
    after: str | None = None
    limit: int


class Affected(Frozen):
    """One page, in the order of ids. `total` counts all subscriptions after the input's `after`."""

    subscription_ids: tuple[str, ...]
    total: int


class SendPricesInput(Frozen):
    """The subscriptions to send a catalog version's prices to."""

    version: int
    subscription_ids: tuple[str, ...]


class Told(Frozen):
    """How many subscriptions took the prices, knew them, had ended, or could not be reached.

    `failed` names the first of those that could not be reached.
    """

    told: int = 0
    unchanged: int = 0
    ended: int = 0
    failures: int = 0
    failed: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """The total."""
        return self.told + self.unchanged + self.ended + self.failures

    @classmethod
    def not_told(cls, subscription_id: str) -> "Told":
        """The count for one subscription that could not be reached."""
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
    """The prices to send to one subscription; `started` says whether its first event is in the database."""

    subscription_id: str
    command: ChangePrice
    started: bool
