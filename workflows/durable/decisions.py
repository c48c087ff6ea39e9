"""The state of a long-lived workflow, and how requests, signals and time change it."""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.common import MetricMeter
from temporalio.exceptions import ActivityError, ApplicationError

from activities import measures
from activities.logged import FACTS
from domain.rules import Rule
from domain.subscription.decision import Answer, Outcome
from statemachines.subscription.not_now import AheadOfClock, NotNow, Unsettled
from workflows.durable import options
from workflows.durable.cancellation import CANCEL_REQUEST
from workflows.durable.clock import Clock
from workflows.durable.memory import Fence, Life, Memory, Recalls, Request, Unrecorded, for_sender
from workflows.durable.options import MAX_MESSAGE

MAX_NAME = 64


_BUSY = f"Too much is waiting: send the same request again in {options.BUSY_WAIT.total_seconds():g} s."
_UNSETTLED = "Too much waits to be written, and it does not go on: see what needs attention, then send this again."


L = TypeVar("L", bound=Life)
R = TypeVar("R", bound=Request)
R_contra = TypeVar("R_contra", bound=Request, contravariant=True)


class Steps(Protocol[L, R_contra]):
    """The pure steps that a simulator takes too."""

    def step(self, life: L, now: datetime) -> L | None:
        """The state after the next milestone that is due; None where none is."""

    def accept(self, life: L, request: R_contra, at: datetime) -> tuple[L, Answer]:
        """The state after the milestones that are due and the request, and the request's answer."""

    def check(self, life: L, request: R_contra, now: datetime, *, test_clock: bool) -> None:
        """Raise NotNow where the request cannot be decided. Changes nothing."""


class Decisions(Generic[L, R]):
    """The state (`life`), changed by nothing but the steps, and by what the books recall.

    `last_at` is the instant of the state's last event; `stuck` says whether the first effect waits for an operator.
    `named` gives a request the id by which a repeat is known, `memory` recalls what the state has forgotten.
    """

    def __init__(
        self,
        steps: Steps[L, R],
        life: L,
        clock: Clock,
        last_at: Callable[[L], datetime],
        stuck: Callable[[], bool],
        memory: Memory[L, R],
        named: Callable[[R], R] = lambda request: request,
    ) -> None:
        self.life = life
        self._steps = steps
        self._clock = clock
        self._last_at = last_at
        self._stuck = stuck
        self._named = named
        self.recalls = Recalls(memory)
        self.fence = Fence()
        self._unrecorded: Unrecorded[R] = Unrecorded(lambda: self.life.committed)
        self.answered = 0
        """How many updates this run has answered."""

    def now(self, as_of: datetime | None = None) -> datetime:
        """The state's now: its clock's time, and never before its last event or an accepted request.

        A query runs at the last task's time; its sender's wall clock (`as_of`) is nearer to now.
        """
        clock, life = self._clock, self.life
        return max(clock.time(as_of), clock.time(), life.accepted_at, self._last_at(life))

    def check(self, request: R) -> None:
        """Refuse a request that is malformed or out of time, before it enters history. Changes nothing.

        Raises ApplicationError, of type `Busy` where the same request can be decided after the error's retry delay.
        """
        request = self._named(request)
        try:
            self._check_now(request)
            full = self._adds_to(request, options.MOST_EFFECTS)
            if full and self._stuck():
                raise Unsettled(_UNSETTLED)
        except NotNow as error:
            raise _refused(error) from None
        leaving = self.recalls.leaving and self.recalls.lacks(self.life, request)
        self.check_room(full=full or leaving)

    def check_room(self, *, full: bool) -> None:
        """Raise ApplicationError, of type `Busy`, if too much waits, or the run has answered enough updates."""
        if full or self.answered >= options.MOST_UPDATES:
            raise ApplicationError(_BUSY, type=options.BUSY, next_retry_delay=options.BUSY_WAIT)

    def check_signal(self, request: R) -> None:
        """Raise NotNow where the request of a signal cannot be decided now. Changes nothing."""
        self._check_now(request)
        if self._adds_to(request, options.MOST_EFFECTS_OF_SIGNALS):
            raise Unsettled(_UNSETTLED)

    def _check_now(self, request: R) -> None:
        self._check_clock(self.now())
        self._steps.check(self.life, request, self.now(), test_clock=self._clock.test is not None)

    def _adds_to(self, request: R, most: int) -> bool:
        """Whether so many effects wait already, and the request would add to them: a repeat or a refusal adds none."""
        waiting = self.life.effects
        if len(waiting) < most:
            return False
        return self.recalls.lacks(self.life, request) or len(self._decided(request)[0].effects) > len(waiting)

    def _decided(self, request: R) -> tuple[L, Answer]:
        """The state after the request, and its answer. Changes nothing. Raises NotNow."""
        return self._steps.accept(self.life, request, request.at or self.now())

    async def answer(self, request: R) -> Answer:
        """Decide the request, after all milestones that are due. Decision and new state are one step.

        What may repeat a request of long ago waits for the books first. Raises ApplicationError.
        """
        self.answered += 1
        request = self._named(request)
        await self.fence.lowered()
        try:
            if self.recalls.lacks(self.life, request):
                await self.recall(request)
                self._check_now(request)
            self.life, answer = self._decided(request)
        except ActivityError as error:
            raise for_sender(error) from None
        except NotNow as error:
            raise _refused(error) from None
        self._unrecorded.note(request, answer.seq)
        measures.count_answer(_meter(), answer)
        return answer

    def begin_again(self, life: L) -> None:
        """Go on from what the books know, and decide again what they do not: a repeat gets its first answer."""
        requests, self.life = self._unrecorded.taken(), life
        for request in requests:
            at = max(request.at or self.now(), self._last_at(self.life))
            try:
                self.life, answer = self._steps.accept(self.life, request, at)
            except NotNow as error:
                self.note_refused_signal("decided before a reset", str(error))
            else:
                self._unrecorded.note(request, answer.seq)

    async def recall(self, request: R) -> None:
        """Ask the books whether the request is a repeat: the state knows its answer then. Raises ActivityError."""
        remember = await self.recalls.of(request)
        self.life = remember(self.life)

    async def take_recalled(self, name: str, request: R) -> None:
        """Take a signal's request after the books have said whether it is a repeat, and after those before it."""
        async with self.recalls.in_turn():
            await self.fence.lowered()
            try:
                if self.recalls.lacks(self.life, request):
                    await self.recall(request)
            except ActivityError as error:
                self.note_refused_signal(name, for_sender(error).message)
            else:
                self.take_signal(name, request)

    def waits_for_books(self, request: R) -> bool:
        """Whether a signal's request has to be taken by `take_recalled`."""
        return self.fence.up or self.recalls.waiting or self.recalls.lacks(self.life, request)

    def take_signal(self, name: str, request: R) -> None:
        """Decide the request of a signal, or keep for people to see why it cannot be decided."""
        at = request.at or self.now()
        try:
            self.check_signal(request)
        except NotNow as error:
            self.note_refused_signal(name, str(error))
        else:
            self.answer_signal(name, request, at)

    def answer_signal(self, name: str, request: R, at: datetime) -> None:
        """Decide a request whose sender gets no answer; a refusal is kept for people to see."""
        try:
            self.life, answer = self._steps.accept(self.life, request, at)
        except NotNow as error:
            self.note_refused_signal(name, str(error))
            return
        if answer.refused:
            self._note(answer)
        self._unrecorded.note(request, answer.seq)
        measures.count_answer(_meter(), answer)

    def note_refused_signal(self, name: str, message: str) -> None:
        """Keep the refusal of a signal that cannot be read or decided now."""
        self._note(
            Answer(
                at=self.now(),
                do=ascii(name)[1:-1][:MAX_NAME],
                outcome=Outcome.REFUSED,
                rule=Rule.LIF_1,
                message=message[:MAX_MESSAGE],
                seq=0,
            )
        )

    def note_cancellation(self, words: str) -> None:
        """Keep that Temporal was asked to cancel the workflow, which has no effect."""
        self.note_refused_signal(CANCEL_REQUEST, words)

    def preview(self, request: R, at: datetime) -> Answer:
        """The answer that the request would get at that instant. Changes nothing."""
        return self._steps.accept(self.life, request, at)[1]

    def take_due_milestone(self, now: datetime | None = None) -> bool:
        """Take the next milestone that is due, if one is; whether one was. Raises AheadOfClock."""
        at = now or self.now()
        self._check_clock(at)
        life = self._steps.step(self.life, at)
        if life is None:
            return False
        self.life = life
        return True

    def _check_clock(self, at: datetime) -> None:
        """Raise AheadOfClock if the instant lies after the workflow's own clock; a test clock may be set ahead."""
        if self._clock.test is None:
            AheadOfClock.check(at, self._clock.time())

    def _note(self, answer: Answer) -> None:
        facts = {"command": answer.do, "rule": answer.rule}
        workflow.logger.warning("signal refused: %s", answer.message, extra={FACTS: facts})
        self.life = self.life.with_refused_signal(answer)


def _refused(error: NotNow) -> ApplicationError:
    return ApplicationError(str(error), type=type(error).__name__, non_retryable=True)


def _meter() -> MetricMeter:
    """Counts nothing while the workflow is replayed, or outside of one."""
    return workflow.metric_meter() if workflow.in_workflow() else MetricMeter.noop
