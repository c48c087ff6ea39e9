"""A running account, which workflow and simulator move by the same steps."""

from datetime import datetime

from domain.account import events
from domain.account.account import Account
from domain.account.requests import AccountRequest, AnyAccountRequest
from domain.account.terms import BillingTerms, month_end
from domain.calendar import Period
from domain.roles import RolePreset
from domain.subscription.decision import Answer
from domain.values import Instant
from statemachines.account.accounting import Accounting
from statemachines.account.timeline import next_account_milestone
from statemachines.refused_signals import RefusedSignals
from statemachines.subscription.life import EVENTS_KEPT
from statemachines.subscription.not_now import NotNow, OutOfTime

WAITING_KEPT = 200
"""How many signals may wait for a month's close."""


class Closing(NotNow):
    """The month's invoices are being written; a request decided now might concern one of them."""

    def __init__(self, words: str = "The month is being closed: its invoices are being written.") -> None:
        super().__init__(f"{words} Try again shortly.")


class Opening(Closing):
    """The books are asked what they know of the account; a request might concern it."""

    def __init__(self) -> None:
        super().__init__("The account is being opened: the books are asked what they know of it.")


class AccountLife(RefusedSignals):
    """Everything that one workflow run hands to the next.

    `committed` is the number of the last recorded event, `recent` are the last events. `waiting` are requests that came
    by signal while a month was being closed: their senders cannot be asked to try again. `accepted_at` is the latest
    instant at which a request was accepted: later ones are not dated before it.
    """

    account: Account
    effects: tuple[events.AccountEffect, ...] = ()
    recent: tuple[events.AccountEvent, ...] = ()
    committed: int = 0
    accepted_at: Instant
    waiting: tuple[AnyAccountRequest, ...] = ()

    @property
    def opening(self) -> bool:
        """Whether the books have not said yet what they know of the account."""
        return bool(self.effects) and isinstance(self.effects[0], events.Open)

    @property
    def performed(self) -> int:
        """The number of the last event that is recorded and whose holds are placed or lifted."""
        pending = (effect.seq for effect in self.effects if isinstance(effect, events.PlaceHolds | events.LiftHolds))
        return min([self.committed, *(seq - 1 for seq in pending)])

    def after(self, decision: events.AccountDecision) -> "AccountLife":
        answer = decision.answer
        accepted = [answer.at] if answer and not answer.refused else []
        return self.model_copy(
            update={
                "account": decision.account,
                "effects": (*self.effects, *decision.effects),
                "recent": (*self.recent, *decision.events)[-EVENTS_KEPT:],
                "accepted_at": max([self.accepted_at, *accepted]),
            }
        )

    def is_ahead_of(self, other: "AccountLife") -> bool:
        """Whether this life has recorded more: a later event, or a later month that is closed."""
        closed_until = (other.account.closing or other.account.month).start
        return self.committed > other.committed or self.account.month.start > closed_until

    def opened_as(self, restored: "AccountLife") -> "AccountLife":
        """The life after its first effect, an opening: what the books say, and the signals that came meanwhile."""
        kept = {name: getattr(self, name) for name in ("waiting", *RefusedSignals.model_fields)}
        return restored.model_copy(update=kept)

    def first_effect_done(self) -> "AccountLife":
        first = self.effects[0]
        committed = first.events[-1].seq if isinstance(first, events.AccountRecord) else self.committed
        return self.model_copy(update={"effects": self.effects[1:], "committed": committed})


class AccountSteps:
    """The steps that move an account on, with one reusable `Accounting`."""

    def __init__(self, accounting: Accounting | None = None) -> None:
        self._accounting = accounting or Accounting()

    @staticmethod
    def begin(
        customer_id: str, terms: BillingTerms, at: datetime, roles: RolePreset = RolePreset.DEFAULT
    ) -> AccountLife:
        """A new account, whose first month begins at `at`."""
        month = Period(start=at, end=month_end(at))
        account = Account(customer_id=customer_id, terms=terms, roles=roles, opened_at=at, month=month, last_at=at)
        return AccountLife(account=account, accepted_at=at)

    def step(self, life: AccountLife, now: datetime) -> AccountLife | None:
        """The life after the next milestone alone; None if none is due by then, or a month is still being closed."""
        milestone = next_account_milestone(life.account)
        if life.account.closing or life.opening or milestone.at > now:
            return None
        return life.after(self._accounting.milestone(life.account, milestone))

    def closed(self, life: AccountLife, receipt: events.CloseReceipt) -> AccountLife:
        """The life after its first effect, a close, was written to the books: its invoices are decided now."""
        assert isinstance(life.effects[0], events.Close)
        return life.first_effect_done().after(self._accounting.closed(life.account, receipt))

    def accept(self, life: AccountLife, request: AccountRequest, at: datetime) -> tuple[AccountLife, Answer]:
        """Catch up to the instant, then decide the request. Raises Closing if a month must be closed first."""
        if life.opening:
            raise Opening
        while (further := self.step(life, at)) is not None:
            life = further
        if life.account.closing:
            raise Closing
        decision = self._accounting.decide(life.account, request, at)
        assert decision.answer is not None
        return life.after(decision), decision.answer

    def check(self, life: AccountLife, request: AccountRequest, now: datetime, *, test_clock: bool) -> None:
        """Raise NotNow if the request cannot be decided. Changes nothing."""
        if life.opening:
            raise Opening
        account, milestone = life.account, next_account_milestone(life.account)
        if request.at is not None:
            unclocked = None if test_clock else "an account opened"
            OutOfTime.check(request.at, account.last_at, (milestone.what, milestone.at), unclocked)
        # A close that is due comes before the request, whatever other milestones are due before it. Requests that
        # already wait for a close are decided first, in order.
        if account.closing or life.waiting or account.month.end <= (request.at or now):
            raise Closing
