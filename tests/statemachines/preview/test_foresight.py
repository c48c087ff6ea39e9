"""What is shown is what happens: the timeline at any moment (invariant 9), and a preview (DESIGN section 4)."""

import copy

from hypothesis import given, settings

from domain.subscription.commands import ReportUsage
from statemachines.preview.simulator import Simulator
from tests.support.simulated.foresight import HAPPENS, shown_now, the_timeline_is_what_happens_9
from tests.support.simulated.life import LIVING
from tests.support.simulated.random_lives import RandomLife, copied, lives


@given(lives)
@settings(max_examples=80)
def test_invariant_9_the_timeline_at_any_moment_is_what_then_happens(life: RandomLife) -> None:
    _, asked = life.live()
    simulator = Simulator(life.order, LIVING)
    the_timeline_is_what_happens_9(simulator, life.order.at)
    for at, command in asked:
        simulator.ask(command, at)
        the_timeline_is_what_happens_9(simulator, at)


@given(lives)
@settings(max_examples=80)
def test_invariant_9_nothing_happens_that_was_not_shown_just_before(life: RandomLife) -> None:
    """The other way round, along the whole life: each event of the system's own was the head of the timeline."""
    _, asked = life.live()
    simulator = Simulator(life.order, LIVING)
    for at, command in [*asked, (life.end, None)]:
        while (shown := shown_now(simulator, simulator.life.subscription.last_at)) and shown[0].at <= at:
            seen = len(simulator.book.events)
            simulator.advance(shown[0].at)
            first = simulator.book.events[seen]
            assert first.event in HAPPENS[shown[0].what]
            assert (first.at, first.rule) == (shown[0].at, shown[0].rule)
        seen = len(simulator.book.events)
        simulator.advance(at)
        assert len(simulator.book.events) == seen
        if command:
            simulator.ask(command, at)


@given(lives)
@settings(max_examples=80)
def test_a_preview_is_the_execution(life: RandomLife) -> None:
    """Asked on a copy first: the same answer and the same subscription, and the life is untouched by the asking."""
    _, asked = life.live()
    simulator = Simulator(life.order, LIVING)
    for at, command in asked:
        kept = simulator.life
        books = {name: copy.copy(value) for name, value in simulator.book.__dict__.items()}
        preview, bare = copied(simulator), Simulator.resumed(simulator.life, LIVING)
        shown, shown_without_books = preview.ask(command, at), bare.ask(command, at)
        assert simulator.life is kept
        assert simulator.book.__dict__ == books
        assert simulator.ask(command, at) == shown
        assert simulator.life == preview.life
        # A usage id's past and the units used are in the books alone.
        if not isinstance(command, ReportUsage) and command.do != "deprovision":
            assert shown_without_books == shown
            uncounted = {"unbilled": None}
            assert bare.life.subscription.model_copy(update=uncounted) == simulator.life.subscription.model_copy(
                update=uncounted
            )
