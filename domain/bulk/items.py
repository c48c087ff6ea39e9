"""One subscription of a bulk operation: what it is sent, and what became of it."""

from domain.bulk.requests import Ask
from domain.money import Money
from domain.subscription.commands import AnyCommand, Expected
from domain.subscription.decision import Answer, Outcome
from domain.values import Frozen, Instant, Worded


class ItemStatus(Worded):
    """What has become of an item."""

    WAITING = "waiting", "to do"
    DONE = "done", "done"
    UNCHANGED = "unchanged", "nothing to change"
    REFUSED = "refused", "refused by a rule when it was shown"
    CHANGED = "changed", "not done: no longer as it was shown"
    ENDED = "ended", "the subscription has ended"
    SKIPPED = "skipped", "could not be shown"
    FAILED = "failed", "failed"


class Item(Frozen):
    """A subscription, or another workflow, and what it is sent; None where nothing is.

    A command has what was shown of it (CXL-1).
    Outcome, rule, message and money are those of the preview while the item waits, and of the answer afterwards. `at`
    is when it was answered.
    """

    position: int
    subject: str
    status: ItemStatus
    ask: Ask | None = None
    outcome: Outcome | None = None
    rule: str | None = None
    message: str = ""
    credit: Money | None = None
    charge: Money | None = None
    at: Instant | None = None

    @property
    def currency(self) -> str | None:
        """The currency of its money; a subscription has one."""
        return next((money.currency for money in (self.credit, self.charge) if money), None)

    def answered(self, answer: Answer) -> "Item":
        """The item with its answer. What is refused now differs from what was shown, or its rule has come since."""
        status = {Outcome.REFUSED: ItemStatus.CHANGED, Outcome.UNCHANGED: ItemStatus.UNCHANGED}
        return self.showing(answer, status.get(answer.outcome, ItemStatus.DONE)).model_copy(update={"at": answer.at})

    def without_answer(self, status: ItemStatus, message: str) -> "Item":
        """The item that has become so without an answer; the message says why."""
        nothing = dict.fromkeys(("outcome", "rule", "credit", "charge"))
        return self.model_copy(update={"status": status, "message": message, **nothing})

    def showing(self, answer: Answer, status: ItemStatus) -> "Item":
        """The item with that status, and what the answer says."""
        shown = {name: getattr(answer, name) for name in ("outcome", "rule", "message", "credit", "charge")}
        return self.model_copy(update={"status": status, **shown})


def shown(position: int, subject: str, command: AnyCommand, answer: Answer) -> Item:
    """The item as its preview shows it. It waits, unless its command would be refused or change nothing."""
    status = {Outcome.REFUSED: ItemStatus.REFUSED, Outcome.UNCHANGED: ItemStatus.UNCHANGED}.get(answer.outcome)
    expected = Expected(outcome=answer.outcome, credit=answer.credit, charge=answer.charge)
    sent = None if status else command.model_copy(update={"expected": expected})
    item = Item(position=position, subject=subject, status=ItemStatus.WAITING, ask=sent)
    return item.showing(answer, status or ItemStatus.WAITING)
