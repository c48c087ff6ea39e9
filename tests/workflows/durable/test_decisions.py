"""State, time and requests: what every long-lived workflow decides by."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from domain.rules import Rule
from domain.subscription.decision import Answer, Outcome
from domain.values import CLOCK_SKEW
from statemachines.subscription.not_now import AheadOfClock, OutOfTime, Unsettled
from workflows.durable import options
from workflows.durable.clock import Clock, TestClock
from workflows.durable.decisions import MAX_NAME, Decisions
from workflows.durable.memory import FENCES
from workflows.durable.options import MAX_MESSAGE

NOW = datetime(2027, 5, 30, tzinfo=UTC)
DAY = timedelta(days=1)


class Ask(BaseModel):
    """Asks to be accepted then; refused where it says so."""

    at: datetime | None = None
    refused: bool = False
    late: bool = False
    name: str | None = None


class Account(BaseModel):
    """What has been accepted."""

    accepted_at: datetime = NOW - DAY
    committed: int = 0
    last_at: datetime = NOW - DAY
    effects: tuple[str, ...] = ()
    accepted: tuple[tuple[str | None, datetime], ...] = ()
    refusals: tuple[Answer, ...] = ()

    def with_refused_signal(self, answer: Answer) -> "Account":
        return self.model_copy(update={"refusals": (*self.refusals, answer)})


class Accounting:
    """Accepts everything but what says otherwise; one milestone is due tomorrow."""

    def step(self, life: Account, now: datetime) -> Account | None:
        return life.model_copy(update={"last_at": NOW + DAY}) if life.last_at < NOW + DAY <= now else None

    def accept(self, life: Account, request: Ask, at: datetime) -> tuple[Account, Answer]:
        outcome = Outcome.REFUSED if request.refused else Outcome.DONE
        answer = Answer(at=at, do="ask", outcome=outcome, rule=Rule.LIF_1, message="", seq=1)
        effects = life.effects if request.refused else (*life.effects, "write")
        return life.model_copy(update={"accepted": (*life.accepted, (request.name, at)), "effects": effects}), answer

    def check(self, life: Account, request: Ask, now: datetime, *, test_clock: bool) -> None:
        if request.late:
            raise OutOfTime("at: too late")


class Books:
    """Are asked for what is `forgotten`, and have what was `kept`."""

    def __init__(self, *forgotten: str, kept: tuple[str, ...] = (), error: ApplicationError | None = None) -> None:
        self.forgotten, self.kept, self.error = forgotten, kept, error
        self.asked: list[str | None] = []

    def lacks(self, life: Account, request: Ask) -> bool:
        return request.name in self.forgotten

    async def recall(self, request: Ask) -> Callable[[Account], Account]:
        self.asked.append(request.name)
        if self.error is not None:
            names = dict.fromkeys(("identity", "activity_type", "activity_id"), "")
            failed = ActivityError("", scheduled_event_id=1, started_event_id=2, retry_state=None, **names)
            failed.__cause__ = self.error
            raise failed
        recalled = tuple((name, NOW) for name in self.kept)
        return lambda life: life.model_copy(update={"accepted": (*life.accepted, *recalled)})


@pytest.fixture
def decisions(monkeypatch: pytest.MonkeyPatch) -> Decisions[Any, Any]:
    monkeypatch.setattr(workflow, "now", lambda: NOW)
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(run_id="a-run"))
    return Decisions(
        Accounting(),
        Account(),
        Clock(None),
        lambda life: life.last_at,
        lambda: False,
        Books(),
        lambda request: request.model_copy(update={"name": "update-1"}),
    )


def test_now_is_never_before_what_has_happened(decisions: Decisions[Any, Any]) -> None:
    assert decisions.now() == NOW
    assert decisions.now(NOW + DAY) == NOW + DAY
    assert decisions.now(NOW - DAY) == NOW
    decisions.life = Account(last_at=NOW + DAY)
    assert decisions.now() == NOW + DAY


async def test_an_answer_is_decided_now_under_the_updates_id(decisions: Decisions[Any, Any]) -> None:
    assert (await decisions.answer(Ask())).at == NOW
    assert (await decisions.answer(Ask(at=NOW + DAY))).at == NOW + DAY
    assert decisions.life.accepted == (("update-1", NOW), ("update-1", NOW + DAY))


def test_what_cannot_be_decided_is_refused_before_history(decisions: Decisions[Any, Any]) -> None:
    with pytest.raises(ApplicationError, match="at: too late") as caught:
        decisions.check(Ask(late=True))
    assert caught.value.type == "OutOfTime"
    assert decisions.life == Account()


def test_a_preview_changes_nothing(decisions: Decisions[Any, Any]) -> None:
    assert decisions.preview(Ask(), NOW + DAY).at == NOW + DAY
    assert decisions.life == Account()


def test_the_refusal_of_a_signal_is_kept(decisions: Decisions[Any, Any]) -> None:
    decisions.answer_signal("ask", Ask(), NOW)
    assert decisions.life.refusals == ()
    decisions.answer_signal("ask", Ask(refused=True), NOW)
    decisions.note_refused_signal("a\nb" * MAX_NAME, "x" * 2 * MAX_MESSAGE)
    decisions.note_cancellation("It ends nothing.")
    by_rule, unreadable, cancelled = decisions.life.refusals
    assert by_rule.do == "ask"
    assert unreadable.do == (r"a\nb" * MAX_NAME)[:MAX_NAME]
    assert len(unreadable.message) == MAX_MESSAGE
    assert (cancelled.do, cancelled.message, cancelled.outcome) == (
        "cancel_workflow",
        "It ends nothing.",
        Outcome.REFUSED,
    )


def test_a_milestone_is_taken_once_it_is_due(decisions: Decisions[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not decisions.take_due_milestone()
    monkeypatch.setattr(workflow, "now", lambda: NOW + DAY)
    assert decisions.take_due_milestone(NOW + DAY)
    assert decisions.life.last_at == NOW + DAY
    assert not decisions.take_due_milestone(NOW + DAY)


def test_invariant_16_nothing_is_decided_before_its_time(decisions: Decisions[Any, Any]) -> None:
    """Code that differs from the history's may believe that something is due: the workflow's clock decides."""
    decisions.life = before = Account(last_at=NOW + CLOCK_SKEW + timedelta(microseconds=1))
    with pytest.raises(AheadOfClock, match=r"Nothing is decided as of 2027-05-30T00:01:00.000001Z: the clock says"):
        decisions.take_due_milestone()
    with pytest.raises(AheadOfClock):
        decisions.take_due_milestone(NOW + DAY)
    with pytest.raises(ApplicationError, match="the clock says 2027-05-30T00:00:00Z"):
        decisions.check(Ask())
    assert decisions.life == before


def test_clocks_may_differ_a_little(decisions: Decisions[Any, Any]) -> None:
    decisions.life = Account(last_at=NOW + CLOCK_SKEW)
    assert not decisions.take_due_milestone()
    decisions.check(Ask())


def test_a_test_clock_may_be_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "now", lambda: NOW)
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(run_id="a-run"))
    ahead = Decisions[Any, Any](
        Accounting(), Account(last_at=NOW + DAY), Clock(TestClock()), lambda life: life.last_at, lambda: False, Books()
    )
    assert not ahead.take_due_milestone()


async def test_it_is_busy_while_too_much_waits_to_be_written(decisions: Decisions[Any, Any]) -> None:
    decisions.life = Account(effects=("write",) * (options.MOST_EFFECTS - 1))
    decisions.check(Ask())
    await decisions.answer(Ask())
    with pytest.raises(ApplicationError, match=r"again in 1 s") as caught:
        decisions.check(Ask())
    assert (caught.value.type, caught.value.non_retryable) == (options.BUSY, False)
    assert caught.value.next_retry_delay == options.BUSY_WAIT
    decisions.check(Ask(refused=True))
    decisions.check_signal(Ask())


async def test_it_is_busy_after_too_many_updates(decisions: Decisions[Any, Any]) -> None:
    for _ in range(options.MOST_UPDATES):
        decisions.check(Ask(refused=True))
        await decisions.answer(Ask(refused=True))
    with pytest.raises(ApplicationError) as caught:
        decisions.check(Ask(refused=True))
    assert caught.value.type == options.BUSY


def test_what_an_operator_has_to_mend_first_is_unsettled(decisions: Decisions[Any, Any]) -> None:
    stuck = Decisions[Any, Any](Accounting(), Account(), Clock(None), lambda life: life.last_at, lambda: True, Books())
    stuck.check(Ask())
    stuck.life = Account(effects=("write",) * options.MOST_EFFECTS)
    with pytest.raises(ApplicationError, match="see what needs attention") as caught:
        stuck.check(Ask())
    assert (caught.value.type, caught.value.non_retryable) == ("Unsettled", True)


def test_signals_too_are_refused_in_the_end(decisions: Decisions[Any, Any]) -> None:
    decisions.life = Account(effects=("write",) * options.MOST_EFFECTS_OF_SIGNALS)
    with pytest.raises(Unsettled):
        decisions.check_signal(Ask())
    decisions.check_signal(Ask(refused=True))


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Callable[[Books], Decisions[Any, Any]]:
    """Decisions whose state has forgotten something."""
    monkeypatch.setattr(workflow, "now", lambda: NOW)
    monkeypatch.setattr(workflow, "info", lambda: SimpleNamespace(run_id="a-run"))
    return lambda books: Decisions(
        Accounting(), Account(), Clock(None), lambda life: life.last_at, lambda: False, books
    )


async def test_the_books_are_asked_for_what_may_be_a_repeat_and_for_nothing_else(
    asking: Callable[[Books], Decisions[Any, Any]],
) -> None:
    books = Books("old", kept=("old",))
    decisions = asking(books)
    await decisions.answer(Ask(name="new"))
    assert books.asked == []
    await decisions.answer(Ask(name="old"))
    assert books.asked == ["old"]
    # What they knew was in the state before it was decided.
    assert [name for name, _ in decisions.life.accepted] == ["new", "old", "old"]
    assert not decisions.recalls.waiting


async def test_what_has_become_impossible_while_the_books_were_asked_is_refused(
    asking: Callable[[Books], Decisions[Any, Any]],
) -> None:
    decisions = asking(Books("old"))
    with pytest.raises(ApplicationError, match="at: too late") as caught:
        await decisions.answer(Ask(name="old", late=True))
    assert (caught.value.type, caught.value.non_retryable) == ("OutOfTime", True)
    await decisions.take_recalled("ask", Ask(name="old", late=True))
    assert [refusal.message for refusal in decisions.life.refusals] == ["at: too late"]
    assert decisions.life.accepted == ()


async def test_an_answer_that_the_books_lack_is_an_error_of_the_request_alone(
    asking: Callable[[Books], Decisions[Any, Any]],
) -> None:
    decisions = asking(Books("old", error=ApplicationError("no answer was kept", type="BooksConflict")))
    with pytest.raises(ApplicationError, match="no answer was kept") as caught:
        await decisions.answer(Ask(name="old"))
    assert (caught.value.type, caught.value.non_retryable) == ("BooksConflict", True)
    await decisions.take_recalled("ask", Ask(name="old"))
    assert [refusal.message for refusal in decisions.life.refusals] == ["no answer was kept"]
    assert not decisions.recalls.waiting


async def test_signals_are_decided_as_they_came_however_long_the_books_take(
    asking: Callable[[Books], Decisions[Any, Any]],
) -> None:
    """A hold and its lifting, from one service: the other way round the subscription would stay suspended."""
    books = Books("hold", "lift")
    decisions, slow = asking(books), asyncio.Event()
    recall = books.recall

    async def later(request: Ask) -> Callable[[Account], Account]:
        if request.name == "hold":
            await slow.wait()
        return await recall(request)

    books.recall = later  # type: ignore[method-assign]
    assert not decisions.waits_for_books(Ask(name="new"))
    taken = [asyncio.create_task(decisions.take_recalled("ask", Ask(name=name))) for name in ("hold", "lift")]
    await asyncio.sleep(0)
    assert decisions.waits_for_books(Ask(name="new")), "it would be decided before them"
    taken.append(asyncio.create_task(decisions.take_recalled("ask", Ask(name="new"))))
    await asyncio.sleep(0.01)
    assert (decisions.life.accepted, decisions.recalls.waiting) == ((), True)
    slow.set()
    await asyncio.gather(*taken)
    assert [name for name, _ in decisions.life.accepted] == ["hold", "lift", "new"]
    assert not decisions.recalls.waiting


def test_what_is_not_forgotten_is_decided_in_one_step(asking: Callable[[Books], Decisions[Any, Any]]) -> None:
    """Nothing is awaited, so that no other request comes between (ADR 4)."""
    decisions = asking(Books("old"))
    with pytest.raises(StopIteration) as done:
        decisions.answer(Ask(name="new")).send(None)
    assert done.value.value.outcome is Outcome.DONE
    assert decisions.life.accepted == (("new", NOW),)


async def test_at_the_end_of_a_run_what_would_have_to_wait_is_pushed_back(
    asking: Callable[[Books], Decisions[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a busy workflow would never find a moment without a request that waits for the books."""
    decisions = asking(Books("old", "older"))
    asked = decisions.recall(Ask(name="old"))
    seen: list[str | None] = []

    async def wait_condition(awake: Callable[[], bool]) -> None:
        assert not awake()
        decisions.check(Ask(name="new"))
        with pytest.raises(ApplicationError, match="send the same request again in 1 s") as pushed_back:
            decisions.check(Ask(name="older"))
        seen.append(pushed_back.value.type)
        await asked

    monkeypatch.setattr(workflow, "wait_condition", wait_condition)
    await decisions.recalls.done()
    assert seen == []
    decisions.recalls._waiting += 1
    await decisions.recalls.done()
    assert seen == ["Busy"]
    decisions.check(Ask(name="older"))


@pytest.mark.parametrize(("recorded", "again"), [(0, [("update-1", NOW)]), (1, [])])
async def test_what_the_books_do_not_have_is_decided_again_behind_them(
    decisions: Decisions[Any, Any], recorded: int, again: list[tuple[str, datetime]]
) -> None:
    """The run was reset: it knew less than the books, and what it had decided on its own is not recorded."""
    await decisions.answer(Ask())
    decisions.life = decisions.life.model_copy(update={"committed": recorded})
    decisions.begin_again(Account(committed=9, accepted=(("of the books", NOW),)))
    assert decisions.life.accepted == (("of the books", NOW), *again)
    decisions.begin_again(Account(committed=9))
    assert decisions.life.accepted == ()


async def test_a_request_waits_until_its_reset_run_has_looked_at_the_books(decisions: Decisions[Any, Any]) -> None:
    async def look() -> bool:
        decisions.begin_again(Account(accepted=(("of the books", NOW),)))
        return True

    decisions.fence.look = look
    FENCES["a-run"].up = True
    assert [decisions.fence.up, await decisions.fence.passed(), decisions.fence.up] == [True, True, False]
    await decisions.answer(Ask())
    assert [name for name, _ in decisions.life.accepted] == ["of the books", "update-1"]
