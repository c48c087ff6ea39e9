"""A life under way: the subscription, the effects still to be performed, and the answers already given.

Workflow and simulator move it by the same steps, so that both live the same life.
"""

from datetime import datetime

from domain.ordering.terms import Order
from domain.policy import PolicyPack
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer, Decision
from domain.subscription.effects import Effect, Provision, Receipt, Record, effects_of
from domain.subscription.events import Event, State
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant, format_instant
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.timeline import next_milestone

ANSWERS_KEPT = 50
EVENTS_KEPT = 20
REFUSALS_KEPT = 5


class Answered(Frozen):
    """A command's first answer, by its id; the fingerprint tells a repeat from another command."""

    command_id: str
    fingerprint: str
    answer: Answer


class NotNow(Exception):
    """A request that cannot be decided: it enters no history."""


class CommandIdReused(NotNow):
    """The same command id with other arguments."""


class OutOfTime(NotNow):
    """An `at` that the subscription cannot take."""


class Unsettled(NotNow):
    """The usage left in a suspended life is not counted yet, and a boundary has passed that may bill it."""


class Life(Frozen):
    """Everything a run hands on to the next. `committed` is the last event seq that is recorded."""

    subscription: Subscription
    effects: tuple[Effect, ...] = ()
    answered: tuple[Answered, ...] = ()
    recent: tuple[Event, ...] = ()
    committed: int = 0
    provisioned: int = 0
    accepted_at: Instant
    refused_signals: tuple[Answer, ...] = ()
    refused_signal_count: int = 0

    @property
    def ended(self) -> bool:
        """Nothing will happen any more and nothing is left to do."""
        return self.subscription.state.ended and not self.effects

    def after(self, decision: Decision) -> "Life":
        """The life with the decision's events and effects."""
        return self.model_copy(
            update={
                "subscription": decision.subscription,
                "effects": (*self.effects, *effects_of(decision)),
                "recent": (*self.recent, *decision.events)[-EVENTS_KEPT:],
            }
        )

    def with_answer(self, command: Command, answer: Answer) -> "Life":
        """The life with the command's answer kept, so that a repeat gets it too."""
        life = self
        if not answer.refused:
            life = self.model_copy(update={"accepted_at": max(self.accepted_at, answer.at)})
        if command.command_id is None:
            return life
        entry = Answered(command_id=command.command_id, fingerprint=command.fingerprint(), answer=answer)
        return life.model_copy(update={"answered": (*self.answered, entry)[-ANSWERS_KEPT:]})

    def with_next_policy(self, policy: PolicyPack) -> "Life":
        """The life with a new version of its pack, which holds from the next term on.

        Raises ValueError where it is another pack, or no newer version.
        """
        pinned = self.subscription.next_policy or self.subscription.policy
        if policy.name != pinned.name or policy.version <= pinned.version:
            raise ValueError(
                f"policy: got {policy.name} version {policy.version}; "
                f"takes a version of {pinned.name} after {pinned.version}"
            )
        subscription = self.subscription.model_copy(update={"next_policy": policy})
        return self.model_copy(update={"subscription": subscription})

    def with_refused_signal(self, answer: Answer) -> "Life":
        """The life with a refused signal kept for people to see: nobody waits for its answer."""
        return self.model_copy(
            update={
                "refused_signals": (*self.refused_signals, answer)[-REFUSALS_KEPT:],
                "refused_signal_count": self.refused_signal_count + 1,
            }
        )

    def answer_to(self, command_id: str) -> Answer | None:
        """The answer that was given under that id, completed once the books are written."""
        return next((a.answer for a in reversed(self.answered) if a.command_id == command_id), None)

    def repeated(self, command: Command) -> Answer | None:
        """The first answer where this command came before. CommandIdReused when its arguments differ."""
        for entry in reversed(self.answered):
            if entry.command_id == command.command_id:
                if entry.fingerprint != command.fingerprint():
                    raise CommandIdReused(
                        f"command_id {command.command_id} was used for another command; use a new id."
                    )
                return entry.answer
        return None

    def acknowledged(self, receipt: Receipt) -> "Life":
        """The life once its first effect, a record, is in the books."""
        record = self.effects[0]
        assert isinstance(record, Record)
        seq = record.events[-1].seq
        changes: dict[str, object] = {"effects": self.effects[1:], "committed": seq}
        if not any(isinstance(effect, Provision) and effect.seq <= seq for effect in self.effects):
            changes["provisioned"] = seq
        if any(event.usage for event in record.events):
            changes["answered"] = tuple(
                entry.model_copy(update={"answer": receipt.complete(entry.answer)})
                if entry.answer.metered and entry.answer.seq == seq
                else entry
                for entry in self.answered
            )
        subscription = self.subscription
        if subscription.state is State.SUSPENDED and subscription.unbilled_usage is None:
            changes["subscription"] = subscription.model_copy(update={"unbilled_usage": receipt.unbilled_usage})
        return self.model_copy(update=changes)

    def with_access_confirmed(self) -> "Life":
        """The life once its first effect, a change of access, is confirmed."""
        provision = self.effects[0]
        assert isinstance(provision, Provision)
        return self.model_copy(update={"effects": self.effects[1:], "provisioned": provision.seq})


class LifeSteps:
    """The steps of a life, over one lifecycle."""

    def __init__(self, lifecycle: Lifecycle | None = None) -> None:
        self.lifecycle = lifecycle or Lifecycle()

    def begin(self, order: Order) -> Life:
        """A life at its first moment: bought, nothing performed yet."""
        life = Life(subscription=order.subscription(), accepted_at=order.at)
        return life.after(self.lifecycle.begin(order))

    def settle(self, life: Life, now: datetime) -> Life:
        """Every milestone due by then, in order (TIM-5)."""
        self.check_settled(life, now)
        for decision in self.lifecycle.catch_up(life.subscription, now):
            life = life.after(decision)
        return life

    def step(self, life: Life, now: datetime) -> Life | None:
        """The next milestone due by then, alone; None when none is."""
        milestone = next_milestone(life.subscription)
        if milestone is None or milestone.at > now:
            return None
        return life.after(self.lifecycle.decide(life.subscription, milestone, now))

    def accept(self, life: Life, command: Command, at: datetime) -> tuple[Life, Answer]:
        """Catch up to the instant, then decide the command: one step, shared by handler and loop."""
        if first := life.repeated(command):
            return life, first
        life = self.settle(life, at)
        decision = self.lifecycle.decide(life.subscription, command, at)
        assert decision.answer is not None
        if isinstance(command, ReportUsage):
            return life, decision.answer
        return life.after(decision).with_answer(command, decision.answer), decision.answer

    def check(self, life: Life, command: Command, now: datetime, *, test_clock: bool) -> None:
        """Raise NotNow where the command cannot be decided. Changes nothing.

        `at` is for a test clock only: not before the last event, not beyond the next milestone.
        """
        if command.command_id and life.repeated(command):
            return
        self.check_settled(life, command.at or now)
        if command.at is None:
            return
        last, milestone, words = life.subscription.last_at, next_milestone(life.subscription), None
        if not test_clock:
            words = "only a subscription bought with a test clock takes it"
        elif command.at < last:
            words = f"it must not be before the last event ({format_instant(last)})"
        elif milestone and command.at > milestone.at:
            words = f"it must not be after the next milestone ({milestone.what}, {format_instant(milestone.at)})"
        if words:
            raise OutOfTime(f"at: got {format_instant(command.at)}; {words}")

    @staticmethod
    def check_settled(life: Life, now: datetime) -> None:
        """Raise Unsettled where what is due by then depends on usage that is still being counted."""
        subscription = life.subscription
        if (
            subscription.state is State.SUSPENDED
            and subscription.offer.metered
            and subscription.term is not None
            and subscription.unbilled_usage is None
            and subscription.billing_period(subscription.period).end <= now
        ):
            raise Unsettled("The usage before the suspension is still being counted; try again shortly.")
