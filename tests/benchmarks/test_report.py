"""The table of the benchmarks: medians, ratios, what must hold, and what was not measured."""

import asyncio
import json
import math
from types import ModuleType

import pytest

from benchmarks import __main__ as program
from benchmarks import machine
from benchmarks.report import Figure, Must, NotMeasured, Samples, notes, table, times_at_least, times_at_most
from benchmarks.scene import Bench


@pytest.mark.parametrize(
    ("must", "holds"),
    [
        (times_at_most(2), True),
        (times_at_most(1.9), False),
        (times_at_least(2), True),
        (times_at_least(2.1), False),
        (Must(20), True),
        (Must(19), False),
        (Must(21, at_least=True), False),
        (None, None),
    ],
)
def test_what_must_hold(must: Must | None, holds: bool | None) -> None:
    assert Figure("a", "renewal", "ms", Samples([18, 20, 90], [9, 10, 45]), must).holds is holds


def test_each_turn_is_compared_with_its_neighbour() -> None:
    """A turn in which the machine was busy slows both down, and says the same of them."""
    busy = Figure("a", "renewal", "ms", Samples([10, 200, 30], [5, 100, 10]))
    assert busy.ratio == 2


def test_what_the_machine_does_not_say_is_not_measured() -> None:
    figure = Figure("a", "renewal: CPU", "ms", Samples([math.nan, 1], [math.nan, 1]), times_at_most(1.4))
    assert (figure.value, figure.ratio, figure.holds) == (None, None, None)
    assert "not measured" in table([figure])
    assert json.loads(json.dumps(figure.document(), allow_nan=False))["ours"] is None


def test_without_proc_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PROC", machine.ROOT / "no-such-folder")
    assert math.isnan(machine.cpu_seconds(1))
    assert math.isnan(machine.resident_kb(1))
    assert machine.about()["accounting"] == machine.NO_ACCOUNTING


def test_a_group_that_cannot_be_measured_is_one_line() -> None:
    async def measure(_: Bench) -> list[Figure]:
        raise NotMeasured("there is\nno PostgreSQL")

    group = ModuleType("record")
    vars(group).update(GROUP="i", TITLE="record", measure=measure)
    figures = asyncio.run(program.measured(group, Bench(quick=True)))
    assert notes(figures) == "i  record: not measured: there is no PostgreSQL\n"
    assert "not measured" in table(figures)


def test_groups_are_chosen_by_letter_or_name() -> None:
    assert program.chosen("memory,a", quick=True) == ["renewals", "memory"]
    assert "growth" not in program.chosen(None, quick=True)
    assert "growth" in program.chosen("h", quick=True)


def test_a_group_that_does_not_exist_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "a,speed"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "got 'speed'" in said
    assert "a (renewals)" in said
