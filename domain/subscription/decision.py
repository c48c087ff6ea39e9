"""The result of a command or a milestone: the new subscription, the events and the answer."""

from enum import StrEnum

from domain.money import Money
from domain.subscription.events import Event
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant


class Outcome(StrEnum):
    """The result of a command. `refused` and `unchanged` have no effect."""

    DONE = "done"
    CANCELLED_WITH_CREDIT = "cancelled_with_credit"
    CANCELLATION_SCHEDULED = "cancellation_scheduled"
    CANCELLED = "cancelled"
    REACTIVATED_NEW_TERM = "reactivated_new_term"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Answer(Frozen):
    """The answer to a command. `credit` and `charge` are the totals written; `seq` is the number of the last event.

    A suspension that is done tells what comes first if nothing else happens: that it expires, at `ends_at`, or that
    its data is deleted, at `deletes_at` (SUS-4). `metered` says that a charge for usage is not included yet: it is
    counted when the decision is recorded.
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
    ends_at: Instant | None = None
    deletes_at: Instant | None = None

    @property
    def refused(self) -> bool:
        return self.outcome is Outcome.REFUSED

    @property
    def deletes_or_costs(self) -> bool:
        """Whether data will be deleted because of it, or the customer pays more: charges beyond credits, or usage."""
        charge = self.charge.amount if self.charge else 0
        credit = self.credit.amount if self.credit else 0
        return self.deletes_at is not None or self.metered or charge > credit


class Answered(Frozen):
    """The first answer to a command id. The fingerprint shows whether a later command with that id is a repeat.

    Ids of the system's own commands (`system`), such as a hold's, are apart from those of other senders.
    """

    command_id: str
    fingerprint: str
    answer: Answer
    system: bool = False

    def waits_for_the_books(self, committed: int) -> bool:
        """Whether the decision has a record that comes after the last recorded event, `committed`."""
        return self.answer.outcome not in {Outcome.REFUSED, Outcome.UNCHANGED} and self.answer.seq > committed


class Decision(Frozen):
    """The subscription after the decision, its events in order (none if nothing changed), and the answer."""

    subscription: Subscription
    events: tuple[Event, ...] = ()
    answer: Answer | None = None
