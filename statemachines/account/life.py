"""An account under way: its value, the effects still to be performed, and what came while a month was being closed.

Workflow and simulator move it by the same steps, so that both live the same account.
"""

from datetime import datetime

from domain.account.account import Account
from domain.account.events import (
    AccountDecision,
    AccountEffect,
    AccountEvent,
    AccountRecord,
    Close,
    CloseReceipt,
    LiftHolds,
    PlaceHolds,
)
from domain.account.requests import AccountRequest, AnyAccountRequest
from domain.account.terms import BillingTerms
from domain.roles import RolePreset
from domain.subscription.decision import Answer
from domain.values import Frozen, Instant, format_instant
from statemachines.account.accounting import Accounting, open_account
from statemachines.account.timeline import next_account_milestone
from statemachines.subscription.life import NotNow, OutOfTime

EVENTS_KEPT = 20
REFUSALS_KEPT = 5
WAITING_KEPT = 200


class Closing(NotNow):
    """The month's invoices are being written: what is asked now may be about one of them."""

    def __init__(self) -> None:
        super().__init__("The month is being closed: its invoices are being written. Try again shortly.")


class AccountLife(Frozen):
    """Everything a run hands on to the next. `committed` is the last event seq that is recorded.

    `waiting` are requests that came by signal while a month was being closed: nobody can be told to try again.
    """

    account: Account
    effects: tuple[AccountEffect, ...] = ()
    recent: tuple[AccountEvent, ...] = ()
    committed: int = 0
    accepted_at: Instant
    waiting: tuple[AnyAccountRequest, ...] = ()
    refused_signals: tuple[Answer, ...] = ()
    refused_signal_count: int = 0

    @property
    def performed(self) -> int:
        """The last event seq that is recorded and whose holds are placed or lifted."""
        pending = (effect.seq for effect in self.effects if isinstance(effect, PlaceHolds | LiftHolds))
        return min([self.committed, *(seq - 1 for seq in pending)])

    def after(self, decision: AccountDecision) -> "AccountLife":
        """The life with the decision's events and effects."""
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

    def first_effect_done(self) -> "AccountLife":
        """The life once its first effect is done."""
        first = self.effects[0]
        changes: dict[str, object] = {"effects": self.effects[1:]}
        if isinstance(first, AccountRecord):
            changes["committed"] = first.events[-1].seq
        return self.model_copy(update=changes)

    def with_refused_signal(self, answer: Answer) -> "AccountLife":
        """The life with a refused signal kept for people to see: nobody waits for its answer."""
        return self.model_copy(
            update={
                "refused_signals": (*self.refused_signals, answer)[-REFUSALS_KEPT:],
                "refused_signal_count": self.refused_signal_count + 1,
            }
        )


class AccountSteps:
    """The steps of an account's life, over one accounting."""

    def __init__(self, accounting: Accounting | None = None) -> None:
        self._accounting = accounting or Accounting()

    @staticmethod
    def begin(
        customer_id: str, terms: BillingTerms, at: datetime, roles: RolePreset = RolePreset.DEFAULT
    ) -> AccountLife:
        """An account at its first moment."""
        return AccountLife(account=open_account(customer_id, terms, at, roles), accepted_at=at)

    def step(self, life: AccountLife, now: datetime) -> AccountLife | None:
        """The next milestone due by then, alone; None where none is, or a month is still being closed."""
        milestone = next_account_milestone(life.account)
        if life.account.closing or milestone.at > now:
            return None
        return life.after(self._accounting.milestone(life.account, milestone))

    def closed(self, life: AccountLife, receipt: CloseReceipt) -> AccountLife:
        """The life once its first effect, a close, is in the books: what it came to is decided now."""
        assert isinstance(life.effects[0], Close)
        return life.first_effect_done().after(self._accounting.closed(life.account, receipt))

    def accept(self, life: AccountLife, request: AccountRequest, at: datetime) -> tuple[AccountLife, Answer]:
        """Catch up to the instant, then decide the request. Raises Closing where a month is to be closed first."""
        while (further := self.step(life, at)) is not None:
            life = further
        if life.account.closing:
            raise Closing
        decision = self._accounting.decide(life.account, request, at)
        assert decision.answer is not None
        return life.after(decision), decision.answer

    def check(self, life: AccountLife, request: AccountRequest, now: datetime, *, test_clock: bool) -> None:
        """Raise NotNow where the request cannot be decided. Changes nothing."""
        account, milestone = life.account, next_account_milestone(life.account)
        if request.at is not None:
            words = None
            if not test_clock:
                words = "only an account opened with a test clock takes it"
            elif request.at < account.last_at:
                words = f"it must not be before the last event ({format_instant(account.last_at)})"
            elif request.at > milestone.at:
                words = f"it must not be after the next milestone ({milestone.what}, {format_instant(milestone.at)})"
            if words:
                raise OutOfTime(f"at: got {format_instant(request.at)}; {words}")
        # Other milestones may come before the close: a request that they reach with it cannot be decided either.
        # What waits for a close already is decided first, in the order in which it came.
        if account.closing or life.waiting or account.month.end <= (request.at or now):
            raise Closing
