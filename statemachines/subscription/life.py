"""A running subscription, which workflow and simulator move by the same steps."""

from datetime import datetime
from typing import Self

from domain.ordering.terms import Order
from domain.policy import PolicyPack
from domain.roles import Party
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer, Answered, Decision, Outcome
from domain.subscription.effects import Adopt, Effect, Provision, Receipt, Record, effects_of, queued
from domain.subscription.events import Event, State
from domain.subscription.subscription import Subscription
from domain.values import Frozen, Instant, fingerprint
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.not_now import CommandIdForgotten, CommandIdReused, OutOfTime, Unsettled
from statemachines.subscription.timeline import next_milestone

ANSWERS_KEPT = 50
DIGESTS_KEPT, DIGEST_LENGTH = 2_000, 10
"""How many ids of commands stay known when their answers are dropped, and the length of each digest, in characters."""
EVENTS_KEPT = 20
REFUSALS_KEPT = 5


def by_system(command: Command) -> bool:
    """Whether the id of the command is one of the system's own."""
    return command.by == Party.SYSTEM


def _digest(command_id: str, *, system: bool) -> str:
    return fingerprint([command_id, system])[:DIGEST_LENGTH]


class RefusedSignals(Frozen):
    """The last refused signals, kept so that people can see them: the sender of a signal gets no answer."""

    refused_signals: tuple[Answer, ...] = ()
    refused_signal_count: int = 0

    def with_refused_signal(self, answer: Answer) -> Self:
        """The same with one more refused signal; the last `REFUSALS_KEPT` are kept."""
        kept, count = (*self.refused_signals, answer)[-REFUSALS_KEPT:], self.refused_signal_count + 1
        return self.model_copy(update={"refused_signals": kept, "refused_signal_count": count})


class Life(RefusedSignals):
    """Everything that one workflow run hands to the next.

    `committed` is the number of the last recorded event, `provisioned` that of the last event whose change of access
    is confirmed. `recent` are the last events, `answered` the last answers to commands with an id, and `used` the
    digests of the ids before them, joined. `accepted_at` is the latest instant at which a command was accepted: later
    ones are not dated before it.
    """

    subscription: Subscription
    effects: tuple[Effect, ...] = ()
    answered: tuple[Answered, ...] = ()
    used: str = ""
    recent: tuple[Event, ...] = ()
    committed: int = 0
    provisioned: int = 0
    accepted_at: Instant

    @property
    def ended(self) -> bool:
        """Whether the subscription has ended and all its effects are performed."""
        return self.subscription.state.ended and not self.effects

    def after(self, decision: Decision) -> "Life":
        return self.model_copy(
            update={
                "subscription": decision.subscription,
                "effects": queued(self.effects, effects_of(decision, self.subscription)),
                "recent": (*self.recent, *decision.events)[-EVENTS_KEPT:],
            }
        )

    def with_answer(self, command: Command, answer: Answer) -> "Life":
        """The life with the answer stored, so that repeating the command returns the same answer."""
        life = self
        if not answer.refused:
            life = self.model_copy(update={"accepted_at": max(self.accepted_at, answer.at)})
        if command.command_id is None:
            return life
        entry = Answered(
            command_id=command.command_id,
            fingerprint=command.fingerprint(),
            answer=answer,
            system=by_system(command),
        )
        return life.remembering(entry).model_copy(update={"effects": life._effects_with(entry)})

    def remembering(self, entry: Answered) -> "Life":
        """The life with the answer among the last ones; the id of the oldest stays known by its digest."""
        answered = (*self.answered, entry)
        dropped = "".join(_digest(each.command_id, system=each.system) for each in answered[:-ANSWERS_KEPT])
        used = (self.used + dropped)[-DIGESTS_KEPT * DIGEST_LENGTH :]
        return self.model_copy(update={"answered": answered[-ANSWERS_KEPT:], "used": used})

    def _effects_with(self, entry: Answered) -> tuple[Effect, ...]:
        """The effects, where the record of the command's decision has the answer."""
        if entry.answer.outcome in (Outcome.REFUSED, Outcome.UNCHANGED):
            return self.effects
        return tuple(
            effect.model_copy(update={"answered": entry})
            if isinstance(effect, Record) and effect.events[-1].seq == entry.answer.seq
            else effect
            for effect in self.effects
        )

    def with_next_policy(self, policy: PolicyPack) -> "Life":
        """The life with a new version of its policy pack, which applies from the next term on (BUY-5).

        Raises ValueError if it is another pack or not a newer version.
        """
        pinned = self.subscription.next_policy or self.subscription.policy
        if policy.name != pinned.name or policy.version <= pinned.version:
            raise ValueError(
                f"policy: got {policy.name} version {policy.version}; "
                f"takes a version of {pinned.name} after {pinned.version}"
            )
        return self.after(Decision(subscription=self.subscription.model_copy(update={"next_policy": policy})))

    def answer_to(self, command_id: str) -> Answer | None:
        """The stored answer to that command id, or None; complete once the decision is recorded."""
        return next((a.answer for a in reversed(self.answered) if a.command_id == command_id), None)

    def repeated(self, command: Command) -> Answer | None:
        """The first answer if this is a repeat, otherwise None.

        Raises CommandIdReused if the arguments differ, and CommandIdForgotten if the answer is not kept any more.
        """
        if command.command_id is None:
            return None
        if entry := self._entry_of(command):
            if entry.fingerprint != command.fingerprint():
                raise CommandIdReused(f"command_id {command.command_id} was used for another command; use a new id.")
            return entry.answer
        if self._is_used(command):
            raise CommandIdForgotten(
                f"command_id {command.command_id} was used before, and its answer is not kept any more: "
                "see the subscription's events, or use a new id."
            )
        return None

    def may_have_forgotten(self, command: Command) -> bool:
        """Whether the command may have been accepted before, although its answer is not kept: the books know."""
        if command.command_id is None or self._entry_of(command):
            return False
        return len(self.used) >= DIGESTS_KEPT * DIGEST_LENGTH or self._is_used(command)

    def _entry_of(self, command: Command) -> Answered | None:
        """The stored answer to a command with this id, from a sender of the same kind."""
        wanted = (command.command_id, by_system(command))
        return next((each for each in reversed(self.answered) if (each.command_id, each.system) == wanted), None)

    def _is_used(self, command: Command) -> bool:
        digest = _digest(command.command_id or "", system=by_system(command))
        return digest in (self.used[at : at + DIGEST_LENGTH] for at in range(0, len(self.used), DIGEST_LENGTH))

    def acknowledged(self, receipt: Receipt) -> "Life":
        """The life after its first effect, a record, was written to the books."""
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

    def with_effect_performed(self) -> "Life":
        """The life after its first effect, a change of access or of the snapshot, was performed."""
        effect = self.effects[0]
        assert not isinstance(effect, Record)
        provisioned = effect.seq if isinstance(effect, Provision) else self.provisioned
        return self.model_copy(update={"effects": self.effects[1:], "provisioned": provisioned})


class LifeSteps:
    """The steps that move a life on, with one reusable lifecycle."""

    def __init__(self, lifecycle: Lifecycle | None = None) -> None:
        self.lifecycle = lifecycle or Lifecycle()

    def begin(self, order: Order) -> Life:
        """The life at its purchase: decided, nothing performed yet."""
        life = Life(subscription=order.subscription(), accepted_at=order.at)
        return life.after(self.lifecycle.begin(order))

    def settle(self, life: Life, now: datetime) -> Life:
        """The life after every milestone due at or before `now`, in order (TIM-5). Raises Unsettled."""
        self.check_settled(life, now)
        for decision in self.lifecycle.catch_up(life.subscription, now):
            life = life.after(decision)
        return life

    def step(self, life: Life, now: datetime) -> Life | None:
        """The life after the next milestone alone, or None if none is due at or before `now`."""
        milestone = next_milestone(life.subscription)
        if milestone is None or milestone.at > now:
            return None
        return life.after(self.lifecycle.decide(life.subscription, milestone, now))

    def accept(self, life: Life, command: Command, at: datetime) -> tuple[Life, Answer]:
        """Catch up to the instant, then decide the command; a repeat gets its first answer. Raises NotNow."""
        if first := life.repeated(command):
            return life, first
        life = self.settle(life, at)
        decision = self.lifecycle.decide(life.subscription, command, at)
        assert decision.answer is not None
        if isinstance(command, ReportUsage):
            return life, decision.answer
        return life.after(decision).with_answer(command, decision.answer), decision.answer

    def check(self, life: Life, command: Command, now: datetime, *, test_clock: bool) -> None:
        """Raise NotNow if the command cannot be decided. Changes nothing."""
        if not life.may_have_forgotten(command) and life.repeated(command):
            return
        self.check_settled(life, command.at or now)
        if command.at is None:
            return
        milestone = next_milestone(life.subscription)
        coming = (milestone.what, milestone.at) if milestone else None
        OutOfTime.check(command.at, life.subscription.last_at, coming, None if test_clock else "a subscription bought")

    @staticmethod
    def check_settled(life: Life, now: datetime) -> None:
        """Raise Unsettled if a milestone due by then depends on usage that is being counted, or on a repair."""
        if life.effects and isinstance(life.effects[0], Adopt):
            raise Unsettled("What the books say is being adopted; try again shortly.")
        subscription = life.subscription
        if (
            subscription.state is State.SUSPENDED
            and subscription.offer.metered
            and subscription.term is not None
            and subscription.unbilled_usage is None
            and subscription.billing_period(subscription.period).end <= now
        ):
            raise Unsettled("The usage before the suspension is still being counted; try again shortly.")
