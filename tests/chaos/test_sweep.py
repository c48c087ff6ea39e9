"""TIM-5, MON-2, invariant 13: a call that is struck anywhere leaves what the simulator leaves; see `make sweep`."""

from collections.abc import Callable

import pytest

from tests.chaos.lives import LIVES
from tests.chaos.sweep import standing, swept, table

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(300)]

EVERY = 41
"""A prime: over the runs of a life every stage meets every kind. `make sweep` strikes every place."""


async def test_a_call_struck_anywhere_changes_nothing(record_property: Callable[[str, object], None]) -> None:
    async with standing() as stand:
        trials = [trial async for trial in swept(stand, LIVES, every=EVERY)]
    record_property("figures", "\n".join(table(trials)))
    assert {str(trial.case): trial.problems or "not reached" for trial in trials if not trial.passed} == {}
    assert {trial.case.life.name for trial in trials} == {life.name for life in LIVES}
    assert len({(trial.case.point.stage, trial.case.kind) for trial in trials}) >= 10
