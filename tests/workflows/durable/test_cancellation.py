"""A cancellation of Temporal's ends nothing; the eviction of a run from a worker's cache ends everything."""

import asyncio

import pytest

from workflows.durable.cancellation import Parts, not_by_cancellation, through_cancellations


class Noted:
    """Counts the cancellations that are noted."""

    times = 0

    def __call__(self) -> None:
        self.times += 1
        assert self.times < 10, "it goes round for ever"


async def test_work_goes_on_whoever_asks_temporal_to_cancel_it() -> None:
    noted, over = Noted(), asyncio.Event()

    async def work() -> str:
        await over.wait()
        return "done"

    run = asyncio.create_task(through_cancellations(work(), noted))
    for _ in range(2):
        await asyncio.sleep(0)
        run.cancel()
    await asyncio.sleep(0)
    over.set()
    assert await run == "done"
    assert noted.times == 2


async def test_work_that_is_done_when_the_cancellation_comes_keeps_its_result() -> None:
    over = asyncio.Event()

    async def work() -> str:
        await over.wait()
        run.cancel()
        return "done"

    run = asyncio.create_task(through_cancellations(work(), Noted()))
    await asyncio.sleep(0)
    over.set()
    assert await run == "done"


async def test_a_run_that_is_taken_from_memory_ends_whatever_it_waits_for() -> None:
    """The SDK cancels every task of it: what waits for an operator, and not for a timer, has to end with them."""
    began = asyncio.Event()
    parts: list[asyncio.Task[None] | None] = []

    async def work() -> None:
        parts.append(asyncio.current_task())
        began.set()
        await asyncio.Event().wait()

    run = asyncio.create_task(through_cancellations(work(), Noted()))
    await began.wait()
    (working,) = parts
    assert working is not None
    for task in (run, working):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert working.cancelled()


def test_the_note_says_what_goes_on() -> None:
    assert not_by_cancellation("account.") == "Temporal's own cancellation ends no account."


async def test_a_part_that_fails_fails_the_whole_with_its_error() -> None:
    """The SDK tries the workflow's task again, and shows why; a part alone would fall silent."""

    async def broken() -> None:
        raise RuntimeError("a defect")

    parts = Parts()
    parts.start(broken())
    with pytest.raises(RuntimeError, match="a defect"):
        await through_cancellations(asyncio.Event().wait(), Noted(), parts)


async def test_a_part_that_failed_before_the_work_began_is_not_forgotten() -> None:
    async def broken() -> None:
        raise RuntimeError("a defect")

    parts = Parts()
    parts.start(broken())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="a defect"):
        await through_cancellations(asyncio.Event().wait(), Noted(), parts)
