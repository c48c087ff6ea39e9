"""TIM-5: however the time is cut, by small steps, in one leap or by a worker that comes late, the life is the same."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.subscription.decision import Outcome
from domain.subscription.effects import CountUsage, Provision, Record
from statemachines.preview.simulator import Simulator
from statemachines.simulation.document import LifeReport
from tests.support.simulated.life import LIVING
from tests.support.simulated.random_lives import Asked, RandomLife, lives


def document(simulator: Simulator, life: RandomLife) -> dict[str, Any]:
    """The life's document at its horizon."""
    return LifeReport.of(simulator, "a life", life.end).document()


def in_steps(life: RandomLife, asked: Asked, step: timedelta) -> Simulator:
    """Woken again and again, whether there is something to do or not."""
    simulator, now = Simulator(life.order, LIVING), life.order.at
    for at, command in [*asked, (life.end, None)]:
        while now < at:
            now = min(at, now + step)
            simulator.advance(now)
        if command:
            simulator.ask(command, at)
    return simulator


def late(life: RandomLife, asked: Asked) -> Simulator:
    """As a workflow catches up: handler and milestones in one step, effects only after it, all at once."""
    simulator = Simulator(life.order, LIVING)
    for at, command in asked:
        simulator.life, answer = LIVING.accept(simulator.life, command, at)
        if command.do == "report_usage" and answer.outcome is Outcome.DONE:
            answer = simulator.book.report_usage(command, answer)
            simulator.life = LIVING.recount(simulator.life, at)
        receipts = performed(simulator)
        simulator.answers.append(receipts[-1].complete(answer) if answer.metered else answer)
    while (settled := LIVING.settle(simulator.life, life.end)) is not simulator.life:
        simulator.life = settled
        performed(simulator)
    return simulator


def performed(simulator: Simulator) -> list[Any]:
    """The waiting effects, in order; the receipts of the records."""
    receipts = []
    while simulator.life.effects:
        effect = simulator.life.effects[0]
        if isinstance(effect, Record):
            receipts.append(simulator.book.record(effect))
            simulator.life = simulator.life.acknowledged(receipts[-1])
            continue
        if isinstance(effect, CountUsage):
            simulator.life = simulator.life.counted(simulator.book.count_usage(effect))
            continue
        if isinstance(effect, Provision):
            simulator.book.provision(effect)
        simulator.life = simulator.life.with_effect_performed()
    return receipts


@given(lives, st.timedeltas(timedelta(days=5), timedelta(days=45)))
@settings(max_examples=60)
def test_tim_5_in_small_steps_or_in_one_leap(life: RandomLife, step: timedelta) -> None:
    simulator, asked = life.live()
    assert document(in_steps(life, asked, step), life) == document(simulator, life)


@given(lives)
@settings(max_examples=60)
def test_tim_5_a_late_worker_lives_the_same_life(life: RandomLife) -> None:
    simulator, asked = life.live()
    assert document(late(life, asked), life) == document(simulator, life)


@given(lives, st.data())
@settings(max_examples=60)
def test_a_repeated_command_id_changes_nothing(life: RandomLife, data: st.DataObject) -> None:
    """After each command one that came before is sent again, and gets its first answer."""
    once, asked = life.live()
    simulator = Simulator(life.order, LIVING)
    answers = []
    for index, (at, command) in enumerate(asked):
        answers.append(simulator.ask(command.model_copy(update={"command_id": f"c-{index}"}), at))
        again = data.draw(st.integers(0, index))
        if asked[again][1].do == "report_usage" and answers[again].outcome is Outcome.REFUSED:
            # Nothing of it was kept: sent again once the state takes usage, it is new.
            continue
        kept = simulator.life
        answer = simulator.ask(asked[again][1].model_copy(update={"command_id": f"c-{again}"}), at)
        assert simulator.life == kept
        if asked[again][1].do == "report_usage":
            # Told apart by its usage id, in the usage book (MON-7).
            assert answer.outcome in {"unchanged", "refused"}
        else:
            assert answer == answers[again]
    simulator.advance(life.end)
    assert {**document(simulator, life), "answers": []} == {**document(once, life), "answers": []}
