"""A running subscription, which workflow and simulator move by the same steps."""

from contextlib import suppress
from datetime import datetime

from domain.ordering.terms import Order
from domain.policy import PolicyPack
from domain.subscription.commands import Command, ReportUsage
from domain.subscription.decision import Answer, Answered, Decision, Outcome
from domain.subscription.effects import (
    Adopt,
    Counted,
    CountUsage,
    Effect,
    Provision,
    Receipt,
    Record,
    effects_of,
    queued,
)
from domain.subscription.events import LeanEvent, State
from domain.subscription.first_answers import FirstAnswers, by_system
from domain.subscription.subscription import Subscription
from domain.subscription.usage import Unbilled
from domain.values import Instant, Lean, OmitEmpty
from statemachines.refused_signals import RefusedSignals
from statemachines.subscription.lifecycle import Lifecycle
from statemachines.subscription.not_now import CommandIdForgotten, CommandIdReused, OutOfTime, Unsettled
from statemachines.subscription.timeline import next_boundary, next_milestone

EVENTS_KEPT, EVENTS_HANDED_ON = 8, 1
"""How many of the last events a run keeps, and how many it hands to the next: the books have all."""


class Life(RefusedSignals, FirstAnswers):
    """Everything that one workflow run hands to the next.

    `committed` is the number of the last recorded event, `provisioned` that of the last event whose change of access
    is confirmed. `recent` are the last events. `accepted_at` is the latest instant at which a command was accepted:
    later ones are not dated before it.
    """

    subscription: Lean[Subscription]
    effects: OmitEmpty[tuple[Effect, ...]] = ()
    recent: tuple[LeanEvent, ...] = ()
    committed: int = 0
    provisioned: int = 0
    accepted_at: Instant

    @property
    def ended(self) -> bool:
        """Whether the subscription has ended, late usage is settled (USE-2), and all effects are performed."""
        return self.subscription.state.ended and not self.effects and next_milestone(self.subscription) is None

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self.subscription.seq

    @property
    def performed(self) -> int:
        """The number of the last event that is recorded and whose change of access is confirmed."""
        return min(self.committed, self.provisioned)

    def after(self, decision: Decision) -> "Life":
        return self.model_copy(
            update={
                "subscription": decision.subscription,
                "effects": queued(self.effects, effects_of(decision, self.subscription)),
                "recent": (*self.recent, *decision.events)[-EVENTS_KEPT:],
            }
        )

    def handed_on(self, now: datetime) -> "Life":
        """What the next run begins with."""
        life = self.with_answers_handed_on(self.committed, now)
        return life.model_copy(update={"recent": self.recent[-EVENTS_HANDED_ON:]})

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

    def repeated(self, command: Command) -> Answer | None:
        """The first answer if this is a repeat, otherwise None.

        Raises CommandIdReused if the arguments differ, and CommandIdForgotten if the answer is not kept any more.
        """
        if command.command_id is None:
            return None
        if entry := self.entry_of(command):
            if entry.fingerprint != command.fingerprint():
                raise CommandIdReused(f"command_id {command.command_id} was used for another command; use a new id.")
            return entry.answer
        if self.is_used(command):
            raise CommandIdForgotten(
                f"command_id {command.command_id} was used before, and its answer is not kept any more: "
                "see the subscription's events, or use a new id."
            )
        return None

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
        return self.model_copy(update=changes)

    def counting(self, at: datetime) -> "Life":
        """The life with a count of its unbilled usage waiting, if that decides what comes next (USE-2).

        A count that waits behind another effect will see what was reported until now.
        """
        count, subscription = CountUsage.of(self.subscription, at), self.subscription
        settled = subscription.usage_closed and subscription.unbilled is not None
        if count is None or settled or any(isinstance(each, CountUsage) for each in self.effects[1:]):
            return self
        return self.model_copy(update={"effects": (*self.effects, count)})

    def counted(self, counted: Counted) -> "Life":
        """The life after its first effect, a count of usage, was performed.

        If a later event may have billed usage or begun another suspension meanwhile, it is counted again.
        """
        count, subscription = self.effects[0], self.subscription
        assert isinstance(count, CountUsage)
        life = self.model_copy(update={"effects": self.effects[1:]})
        if count.seq != subscription.seq:
            return life.counting(max(count.at, subscription.last_at))
        unbilled = Unbilled(at=count.at, usage=counted.usage)
        return life.model_copy(update={"subscription": subscription.model_copy(update={"unbilled": unbilled})})

    def with_effect_performed(self) -> "Life":
        """The life after its first effect, a change of access or of the snapshot, was performed."""
        effect = self.effects[0]
        assert not isinstance(effect, Record | CountUsage)
        provisioned = effect.seq if isinstance(effect, Provision) else self.provisioned
        return self.model_copy(update={"effects": self.effects[1:], "provisioned": provisioned})


class LifeSteps:
    """The steps that move a life on."""

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

    def recount(self, life: Life, now: datetime) -> Life:
        """The life with its unbilled usage to be counted again, after a report was recorded late (USE-2)."""
        # Where milestones wait for a count, the next one sees what was reported meanwhile.
        with suppress(Unsettled):
            life = self.settle(life, now)
        return life.counting(now)

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
        counting = subscription.unbilled is None or any(isinstance(effect, CountUsage) for effect in life.effects)
        suspended = subscription.counts_usage and subscription.state is State.SUSPENDED
        if suspended and counting and next_boundary(subscription) <= now:
            raise Unsettled("The usage before the suspension is still being counted; try again shortly.")
