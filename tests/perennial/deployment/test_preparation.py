"""Preparing part by part: what is there stays, what fails is named, and what needs it waits."""

import pytest

from domain.next_step import Do, NextStep, PerennialError
from perennial.deployment.preparation import Condition, NotPrepared, Part, PartName, Seen, looked_at, prepared, require


class Thing:
    """Something that is there or not, and can be made or not."""

    def __init__(self, *, there: bool = False, refused: str | None = None, stays_away: bool = False) -> None:
        self.there, self.refused, self.stays_away = there, refused, stays_away
        self.made = 0

    def part(self, name: PartName, *needs: PartName) -> Part:
        return Part(name, self._look, self._make, frozenset(needs))

    async def _look(self) -> Seen:
        return Seen(self.there, "there" if self.there else "nothing there", None if self.there else "make it")

    async def _make(self) -> None:
        if self.refused:
            raise PerennialError(self.refused, NextStep(Do.START_WORKER))
        self.made += 1
        self.there = not self.stays_away


async def test_looking_changes_nothing() -> None:
    thing = Thing()
    (found,) = await looked_at([thing.part(PartName.RETENTION)])
    assert (found.condition, found.words, found.by_hand) == (Condition.MISSING, "nothing there", "make it")
    assert not found.ready
    assert thing.made == 0


async def test_what_is_missing_is_made_once_and_what_is_there_is_left() -> None:
    there, missing = Thing(there=True), Thing()
    parts = [there.part(PartName.NAMESPACE), missing.part(PartName.RETENTION)]
    assert [one.condition for one in await prepared(parts)] == [Condition.READY, Condition.PREPARED]
    assert [one.condition for one in await prepared(parts)] == [Condition.READY, Condition.READY]
    assert (there.made, missing.made) == (0, 1)


async def test_what_fails_stops_only_what_needs_it() -> None:
    after, beside = Thing(), Thing()
    parts = [
        Thing(refused="You may not.").part(PartName.NAMESPACE),
        after.part(PartName.RETENTION, PartName.NAMESPACE),
        beside.part(PartName.DATABASE),
    ]
    failed, waiting, made = await prepared(parts)
    assert (failed.condition, failed.words, failed.next_step) == (
        Condition.FAILED,
        "You may not.",
        NextStep(Do.START_WORKER),
    )
    assert (waiting.condition, waiting.words) == (Condition.WAITING, "for the namespace")
    assert (made.condition, after.made, beside.made) == (Condition.PREPARED, 0, 1)


async def test_what_is_not_there_after_it_was_made_has_failed() -> None:
    (found,) = await prepared([Thing(stays_away=True).part(PartName.RETENTION)])
    assert (found.condition, found.by_hand) == (Condition.FAILED, "make it")


async def test_a_worker_that_only_checks_is_told_all_that_is_missing_in_one_line() -> None:
    first, second = Thing(), Thing()
    parts = [
        first.part(PartName.NAMESPACE),
        Thing().part(PartName.RETENTION, PartName.NAMESPACE),
        second.part(PartName.DATABASE),
    ]
    with pytest.raises(NotPrepared) as raised:
        await require(parts, prepare=False)
    assert raised.value.message == "Not ready for workers: nothing there. nothing there."
    assert raised.value.next_step == NextStep(Do.SET_UP)
    assert first.made == second.made == 0


async def test_what_is_there_never_stops_a_worker() -> None:
    """Not even where it may make nothing."""
    await require([Thing(there=True, refused="You may not.").part(PartName.RETENTION)], prepare=True)


async def test_what_a_worker_may_not_prepare_stops_it_with_the_reason() -> None:
    with pytest.raises(NotPrepared, match=r"^Not ready for workers: You may not\.$"):
        await require([Thing(refused="You may not.").part(PartName.RETENTION)], prepare=True)
