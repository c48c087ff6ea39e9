"""What comes of a command or a milestone: the answer, the new subscription, and what happened."""

from enum import StrEnum

from domain.money import Money
from domain.subscription.events import Event
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant


class Outcome(StrEnum):
    """What a command came to. `refused` and `unchanged` have no effect."""

    DONE = "done"
    CANCELLED_WITH_CREDIT = "cancelled_with_credit"
    CANCELLATION_SCHEDULED = "cancellation_scheduled"
    CANCELLED = "cancelled"
    REACTIVATED_NEW_TERM = "reactivated_new_term"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Answer(Frozen):
    """What the sender is told. `credit` and `charge` total the rows written; `seq` is the last event's.

    `metered` says that a charge for usage is still to be counted by the usage book.
    """

    at: Instant
    do: str
    outcome: Outcome
    rule: str
    effective_at: Instant | None = None
    credit: Money | None = None
    charge: Money | None = None
    message: str
    seq: int
    metered: bool = False

    @property
    def refused(self) -> bool:
        """Whether a rule refused the command, so that nothing happened."""
        return self.outcome is Outcome.REFUSED


class Decision(Frozen):
    """The subscription after it, and its events in order: none where nothing changed."""

    subscription: Subscription
    events: tuple[Event, ...] = ()
    answer: Answer | None = None
