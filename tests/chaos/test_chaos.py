"""Half a minute of `make chaos`: nothing is lost, doubled or dated wrongly while everything is harmed."""

from collections.abc import Callable

import pytest

from tests.chaos.result import Wanted
from tests.chaos.storm import storm

pytestmark = [pytest.mark.live, pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(400)]

WANTED = Wanted(seed=7, seconds=25, pause=0.4, rate=800, at_once=5, longest=3)
"""Many disasters for its length, so that each kind happens."""


async def test_half_a_minute_of_chaos_leaves_what_the_simulator_says(
    record_property: Callable[[str, object], None],
) -> None:
    result = await storm(WANTED)
    record_property("figures", "\n".join(result.lines()))
    assert result.problems == []
    assert result.missing == []
    assert len(result.struck) >= 10
    assert result.kills >= 10
