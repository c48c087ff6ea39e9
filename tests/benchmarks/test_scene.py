"""The means of the benchmarks, once through: both sides renew by timers, with books, costs and notifications."""

import pytest

from benchmarks.histories import check_timers
from benchmarks.machine import PROC
from benchmarks.report import Worthless
from benchmarks.scene import Bench, a_scene

MONTHS = 4

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


async def test_a_life_of_each_side() -> None:
    async with a_scene(Bench(quick=True)) as scene:
        for side in scene.sides:
            heard = scene.endpoint.taken
            names = await scene.begun(side, ["life"], told=True)
            cost = await scene.cost(side, names, scene.lived(side, names, MONTHS))
            await scene.endpoint.until(heard + 1 + MONTHS)
            assert (side.rows, side.doubled) == (1 + MONTHS, 0)
            assert side.book_bytes > 0
            assert not PROC.exists() or cost.cpu > 0
            ids = [side.workflow_id(name) for name in names]
            await check_timers(scene.client, ids, MONTHS)
            with pytest.raises(Worthless, match="fired"):
                await check_timers(scene.client, ids, 10 * MONTHS)
            await side.command("life")
            await side.worker.restart()
            await side.wake("life")
