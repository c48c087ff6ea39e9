"""What billing needs of the world. Adapters implement it."""

from typing import Protocol

from activities.billing.contracts import AskedCommand, CountInput, KeepInput, RecordInput, Restored
from domain.subscription.commands import ReportUsage
from domain.subscription.decision import Answer, Answered
from domain.subscription.effects import Counted, Receipt


class Books(Protocol):
    """Journal, ledger, usage, outbox and claims. Nothing is ever removed from journal and ledger."""

    async def record(self, entry: RecordInput) -> Receipt:
        """Write one decision in one transaction. Repeating it returns the same receipt.

        Raises BooksConflict if it is recorded with other content, does not follow the last event, or repeats a key of
        the ledger (MON-2), and BooksUnavailable if retrying may help.
        """

    async def keep(self, entry: KeepInput) -> None:
        """Keep changes of a subscription's snapshot that have no event, unless a later event is recorded.

        Raises BooksConflict if its last event is not recorded, and BooksUnavailable.
        """

    async def report_usage(self, subscription_id: str, command: ReportUsage, answer: Answer) -> Answer:
        """Record usage that the lifecycle accepted, once per usage id (MON-7), or a correction (USE-3).

        The answer is a refusal if `corrects` names no report that can be corrected (USE-3), or the usage was settled
        meanwhile (USE-1). Raises BooksUnavailable, also while the event that accepted it is not in the journal yet.
        """

    async def count_usage(self, entry: CountInput) -> Counted:
        """Count the unbilled usage, and keep the count in the subscription's snapshot unless a later event is recorded.

        With `closes` no more usage is taken from then on. Raises BooksConflict if its last event is not recorded, and
        BooksUnavailable.
        """


class FirstAnswers(Protocol):
    """The first answers to accepted commands, for ever (invariant 10)."""

    async def first_answer(self, asked: AskedCommand) -> Answered | None:
        """The first answer to an accepted command of that id; None if there was none (invariant 10).

        Raises BooksConflict if its answer was not kept, and BooksUnavailable.
        """


class Lives(Protocol):
    """What subscriptions are rebuilt from."""

    async def restored(self, subscription_id: str) -> Restored:
        """The subscription after its last recorded event.

        Raises BooksConflict if the books do not know it, or have no snapshot of it, and BooksUnavailable.
        """
