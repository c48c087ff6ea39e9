"""DOMAIN section 12, over random lives: every invariant that one life can keep or break."""

from datetime import timedelta

import pytest
from hypothesis import given, seed, settings

from domain.roles import Party
from domain.rules import Rule
from domain.subscription.events import EventName
from tests.support.instants import DAY
from tests.support.simulated.invariants import the_invariants_hold
from tests.support.simulated.random_lives import RandomLife, lives, lives_beginning
from tests.support.simulated.watched import Watched

BEGINNINGS: dict[str, tuple[list[tuple[str, timedelta]], set[str]]] = {
    "anything": ([], {EventName.RENEWED, EventName.PERIOD_CHARGED, EventName.TRIAL_STARTED}),
    "cancelled early": ([("cancel", timedelta(hours=20))], {Rule.CXL_2, Rule.TRI_4, Rule.ISV_4}),
    "suspended and back": (
        [("suspend", 10 * DAY), ("reactivate", 80 * DAY)],
        {Rule.SUS_5, Rule.SUS_6, EventName.DELETED},
    ),
    "paused": ([("suspend", 10 * DAY)], {Rule.SUS_11, EventName.REACTIVATED}),
    "cancelled late and undone": (
        [("activate", DAY), ("cancel", 40 * DAY), ("set_auto_renew", 5 * DAY)],
        {Rule.CXL_3, EventName.CANCELLATION_UNDONE, EventName.EXPIRED},
    ),
    "changed and cancelled": (
        [("change_quantity", DAY), ("set_add_on", DAY), ("cancel", 5 * DAY)],
        {EventName.QUANTITY_CHANGED, EventName.ADD_ON_CHANGED, Rule.CXL_2},
    ),
    "changed, rejected and cancelled": (
        [("change_quantity", DAY), ("reject_quantity", 5 * DAY), ("cancel", 5 * DAY)],
        {Party.PUBLISHER, Rule.CXL_2},
    ),
}
"""What comes first in a life, and what some of those lives must come to: else they would have shown nothing of it."""
ROUNDS = 4


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_the_invariants_of_section_12(beginning: str) -> None:
    """In further rounds, if need be: which lives come depends on what else the process has imported."""
    asked, wanted = BEGINNINGS[beginning]
    reached: set[str] = set()

    def hold(life: RandomLife) -> None:
        simulator, _ = life.live()
        the_invariants_hold(simulator)
        reached.update(name for event in simulator.book.events for name in (event.event, event.rule, event.by))

    for number in range(ROUNDS):
        seed(number)(settings(max_examples=80)(given(lives_beginning(*asked, straight=len(asked) > 1))(hold)))()
        if wanted <= reached:
            return
    assert wanted <= reached


@given(lives)
@settings(max_examples=80)
def test_each_command_is_applied_once_or_not_at_all(life: RandomLife) -> None:
    """Invariant 10; and invariant 11: the deletion date stands from the first hold and is the deletion's; and 16."""
    life.live(Watched)
