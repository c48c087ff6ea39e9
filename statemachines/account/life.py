"""A running account, which workflow and simulator move by the same steps."""

from datetime import datetime

from domain.account import events
from domain.account.account import Account, Look, Seen
from domain.account.recalled import Recalled
from domain.account.requests import AccountRequest, AnyAccountRequest, Correction
from domain.account.terms import BillingTerms
from domain.calendar import Period
from domain.roles import RolePreset
from domain.subscription.decision import Answer
from domain.values import Instant, OmitEmpty
from statemachines.account.accounting import Accounting
from statemachines.account.chasing import overdue
from statemachines.account.corrections import is_stale
from statemachines.account.timeline import CHASING, AccountWhat, next_account_milestone
from statemachines.refused_signals import RefusedSignals
from statemachines.subscription.life import EVENTS_HANDED_ON, EVENTS_KEPT
from statemachines.subscription.not_now import NotNow, OutOfTime

FOLLOWING = (events.PlaceHolds, events.LiftHolds, Look)
"""The effects that an event is not done without."""
WAITING_KEPT = 200
"""How many signals may wait for a month's close."""
CONSIDERED = 50
"""As of how many instants an account may have to decide again what follows its overdue invoices."""


class Closing(NotNow):
    """The books are asked: for the month's invoices, or for what is not invoiced. A request might concern that."""

    def __init__(self, words: str = "The month is being closed, or overdue invoices looked at.") -> None:
        super().__init__(f"{words} Try again shortly.")


class Opening(Closing):
    """The books are asked what they know of the account; a request might concern it."""

    def __init__(self) -> None:
        super().__init__("The account is being opened: the books are asked what they know of it.")


class AccountLife(RefusedSignals):
    """Everything that one workflow run hands to the next.

    `committed` is the number of the last recorded event, `recent` are the last events. `waiting` are requests that came
    by signal while a month was being closed: their senders cannot be asked to try again. `accepted_at` is the latest
    instant at which a request was accepted: later ones are not dated before it. `consider` are the instants, in order,
    as of which the account has to decide again what follows its overdue invoices: a subscription was billed or
    credited, something was paid, one fell due, a month was closed or the terms changed (MON-8).
    """

    account: Account
    effects: tuple[events.AccountEffect, ...] = ()
    recent: tuple[events.AccountEvent, ...] = ()
    committed: int = 0
    accepted_at: Instant
    waiting: tuple[AnyAccountRequest, ...] = ()
    consider: tuple[Instant, ...] = ()
    recalled: OmitEmpty[Recalled | None] = None
    """What the books have of what the next correction names (MON-10)."""

    @property
    def opening(self) -> bool:
        """Whether the books have not said yet what they know of the account."""
        return bool(self.effects) and isinstance(self.effects[0], events.Open)

    @property
    def due_at(self) -> datetime:
        """When something is decided next without a request: a milestone, or what has to be considered again."""
        milestone = next_account_milestone(self.account).at
        return min([milestone, *self.consider])

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self.account.seq

    @property
    def performed(self) -> int:
        """The number of the last event that is recorded and whose holds are placed or lifted."""
        pending = (effect.seq for effect in self.effects if isinstance(effect, FOLLOWING))
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

    def considering(self, at: datetime) -> "AccountLife":
        """The life that decides again what follows its overdue invoices, as of that instant (MON-8).

        Of too many instants the last ones but one are left out: what they would have seen, the last one sees.
        """
        if not overdue(self.account):
            return self
        instants = sorted({*self.consider, at})
        if len(instants) > CONSIDERED:
            del instants[-2]
        return self.model_copy(update={"consider": tuple(instants)})

    def looking(self, at: datetime, until: datetime) -> "AccountLife":
        """The life that asks the books for the rows dated before `until`, to decide as of `at`."""
        look = Look(at=at, until=until, seq=self.account.seq)
        account = self.account.model_copy(update={"looking": look})
        return self.model_copy(update={"account": account, "effects": (*self.effects, look)})

    def lacks(self, request: AccountRequest) -> bool:
        """Whether the books have to be asked what a correction names, before it is decided (MON-10)."""
        return isinstance(request, Correction) and is_stale(self.account, self.recalled, request)

    def handed_on(self) -> "AccountLife":
        """What the next run begins with."""
        return self.model_copy(update={"recent": self.recent[-EVENTS_HANDED_ON:], "recalled": None})

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
    """The steps that move an account on."""

    def __init__(self, accounting: Accounting | None = None) -> None:
        self._accounting = accounting or Accounting()

    @staticmethod
    def begin(
        customer_id: str, terms: BillingTerms, at: datetime, roles: RolePreset = RolePreset.DEFAULT
    ) -> AccountLife:
        """A new account, whose first month begins at `at`."""
        month = Period(start=at, end=terms.closes_after(at))
        account = Account(customer_id=customer_id, terms=terms, roles=roles, opened_at=at, month=month, last_at=at)
        return AccountLife(account=account, accepted_at=at)

    def step(self, life: AccountLife, now: datetime) -> AccountLife | None:
        """The life after the next milestone alone; None if none is due by then, or the books are being asked.

        At one instant the account's milestones come before what it considers again (MON-8).
        """
        account, milestone = life.account, next_account_milestone(life.account)
        if account.closing or account.looking or life.opening:
            return None
        if life.consider and life.consider[0] < milestone.at and life.consider[0] <= now:
            seen = [account.seen.at] if account.seen else []
            at = max([life.consider[0], account.last_at, *seen])
            left = tuple(later for later in life.consider if later > at)
            return life.model_copy(update={"consider": left}).looking(at, until=at + datetime.resolution)
        if milestone.at > now:
            return None
        if milestone.what in CHASING:
            return life.looking(milestone.at, until=milestone.at)
        after = life.after(self._accounting.milestone(account, milestone))
        return after.considering(milestone.at) if milestone.what is AccountWhat.OVERDUE else after

    def closed(self, life: AccountLife, receipt: events.CloseReceipt) -> AccountLife:
        """The life after its first effect, a close, was written to the books: its invoices are decided now."""
        assert isinstance(life.effects[0], events.Close)
        # What was not invoiced is now, so nothing is known of what is not.
        decided = life.first_effect_done().after(self._accounting.closed(life.account, receipt))
        account = decided.account.model_copy(update={"seen": None})
        return decided.model_copy(update={"account": account}).considering(receipt.period.end)

    def looked(self, life: AccountLife, seen: Seen) -> AccountLife:
        """The life after its first effect, a look into the books: what follows its overdue invoices (MON-8)."""
        look = life.effects[0]
        assert isinstance(look, Look)
        account = life.account.model_copy(update={"looking": None, "seen": seen})
        life = life.first_effect_done().model_copy(update={"account": account})
        while decision := self._accounting.chase(life.account, look.at):
            life = life.after(decision)
        return life

    def accept(self, life: AccountLife, request: AccountRequest, at: datetime) -> tuple[AccountLife, Answer]:
        """Catch up to the instant, then decide the request. Raises Closing if a month must be closed first."""
        if life.opening:
            raise Opening
        while (further := self.step(life, at)) is not None:
            life = further
        if life.account.closing or life.account.looking:
            raise Closing
        if life.lacks(request):
            raise Closing("Something else was decided meanwhile.")
        decision = self._accounting.decide(life.account, request, at, life.recalled)
        assert decision.answer is not None
        after = life.after(decision).model_copy(update={"recalled": None})
        # Only what is held or was postponed can follow at once.
        concerned = decision.events and any(each.suspended or each.postponed for each in overdue(after.account))
        return after.considering(at) if concerned else after, decision.answer

    def check(self, life: AccountLife, request: AccountRequest, now: datetime, *, test_clock: bool) -> None:
        """Raise NotNow if the request cannot be decided. Changes nothing."""
        if life.opening:
            raise Opening
        account, milestone = life.account, next_account_milestone(life.account)
        if request.at is not None:
            unclocked = None if test_clock else "an account opened"
            OutOfTime.check(request.at, account.last_at, (milestone.what, milestone.at), unclocked)
        # What is due comes before the request, and it may need the books. Requests that already wait for them are
        # decided first, in order.
        if life.waiting or self._asks_the_books(life, request.at or now):
            raise Closing

    def _asks_the_books(self, life: AccountLife, until: datetime) -> bool:
        """Whether the books are asked before the account has caught up to the instant."""
        while (further := self.step(life, until)) is not None:
            life = further
        return life.account.closing is not None or life.account.looking is not None
