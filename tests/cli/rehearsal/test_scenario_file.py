"""Reading a scenario file: YAML without surprises, and one clear line for whatever is wrong with it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.failure import Misused
from cli.rehearsal.scenario import load, read
from domain.faults import LISTED, MalformedFile
from hosting.files.yaml import MAX_BYTES
from statemachines.simulation.scenario_file import parse_scenario
from tests.support.paths import ROOT

FAULTY = sorted((ROOT / "scenarios" / "faulty").glob("*.yaml"))

Reading = Callable[[str | bytes], object]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """What comes of a file with that content: its data, or the line of its one fault."""

    def read(content: str | bytes) -> object:
        path = tmp_path / "life.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        try:
            return load(path)
        except MalformedFile as malformed:
            (fault,) = malformed.faults
            return str(fault)

    return read


def test_an_instant_stays_the_text_that_it_is(reading: Reading) -> None:
    """A YAML timestamp would lose its offset, and nothing tells a naive one from UTC."""
    assert reading("at: 2026-01-31T09:00:00.123456+01:00") == {"at": "2026-01-31T09:00:00.123456+01:00"}
    assert reading("at: 2026-01-31") == {"at": "2026-01-31"}


def test_plain_data(reading: Reading) -> None:
    text = 'a: {b: [1, -2, "3", 1_000], c: 10.5, d: true, e: off, f: null, g: ~, h: day-1}\nanother: &x [1]\nalias: *x'
    assert reading(text) == {
        "a": {"b": [1, -2, "3", 1000], "c": 10.5, "d": True, "e": False, "f": None, "g": None, "h": "day-1"},
        "another": [1],
        "alias": [1],
    }


@pytest.mark.parametrize("content", ["", "# only a comment\n", "\ufeff", "---\n"])
def test_an_empty_file_is_no_scenario(reading: Reading, content: str) -> None:
    assert reading(content) is None


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: 1\nb: [c, d: 1", "line 2, column 12: got 'b: [c, d: 1'; takes YAML (expected ',' or ']'"),
        ("a: 1\n\tb: 2", "line 2, column 1: got 'b: 2'; takes YAML (found character"),
        ("a: *nothing", "line 1, column 4: got 'a: *nothing'; takes YAML (found undefined alias"),
        ("a: 1\n---\nb: 2", "line 2, column 1: got '---'; takes YAML ("),
        ("a: 1\x00", "(the whole): got nothing; takes YAML (unacceptable character"),
        ("offer: {id: x, id: y}", "offer.id: got 'it again in line 1'; takes one value (line 1)"),
        ("name: x\npolicy: y\nname: z", "name: got 'it again in line 3'; takes one value (line 1)"),
        ("1: x", "(the whole): got '1'; takes text as a key (line 1)"),
        ("a: {on: x}", "a: got 'on'; takes text as a key (line 1)"),
        ("? [a]\n: 1", "(the whole): got 'a list or a mapping'; takes text as a key"),
        ("a: {<<: {b: 1}}", "a: got '<<'; takes text as a key"),
        ("a: !!python/object:os.system x", "a: got 'x'; takes text (in quotes)"),
        ("a: !!timestamp 2026-01-31", "a: got '2026-01-31'; takes text (in quotes)"),
        ("a: !!int x", "a: got 'x'; takes text (in quotes)"),
        ("a: 0x10", "a: got '0x10'; takes text (in quotes)"),
        ("a: 010", "a: got '010'; takes text (in quotes)"),
        ("a: 190:20:30", "a: got '190:20:30'; takes text (in quotes)"),
        (f"a: {'9' * 5000}", "a: got '999"),
        ('a: "\\ud800"', "a: got '\\ud800'; takes text"),
        ("a: &x [*x]", "a[0][0][0]"),
        ("[" * 5000, "(the whole): got nothing; takes values nested at most"),
        (b"name: \xe9t\xe9", "(the whole): got b'\\xe9'; takes UTF-8 text (byte 7 is not)"),
        ("name: x".encode("utf-16"), "(the whole): got b'\\xff'; takes UTF-8 text (byte 1 is not)"),
        (b"#" * (MAX_BYTES + 1), "(the whole): got 'a larger file'; takes at most 1024 KiB"),
    ],
)
def test_one_line_says_what_is_wrong(reading: Reading, content: str | bytes, line: str) -> None:
    found = reading(content)
    assert isinstance(found, str)
    assert found.startswith(line)
    assert "\n" not in found


def test_a_small_file_cannot_unfold_into_a_huge_one(reading: Reading) -> None:
    """Eight levels of ten aliases each would be a hundred million values."""
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 9))
    assert "takes at most 200000 values in a file" in str(reading(f"l0: &l0 [1]\n{levels}"))


def test_the_largest_file_is_read(reading: Reading) -> None:
    assert reading(b"#" * (MAX_BYTES - 5) + b"\na: 1") == {"a": 1}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.yaml"):
        with pytest.raises(MalformedFile, match="takes a (regular file|file that can be read)"):
            load(path)


def test_there_are_faulty_files() -> None:
    assert len(FAULTY) > 20


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_faulty_file(path: Path) -> None:
    """Beside each file stand the fields that its faults must name: none where it is no scenario at all."""
    with pytest.raises(MalformedFile) as caught:
        parse_scenario(load(path))
    wanted = path.with_suffix(".txt").read_text("utf-8").split()
    if wanted:
        assert sorted(fault.field for fault in caught.value.faults) == sorted(wanted)


def test_the_faults_of_all_files_are_listed_together_and_the_others_counted(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.yaml", "two.yaml")]
    for file in files:
        file.write_text("".join(f"unknown_{index}: x\n" for index in range(3000)))
    with pytest.raises(Misused) as caught:
        read(files)
    assert len(caught.value.lines) == LISTED + 1
    assert caught.value.lines[0].startswith(f"{files[0]}: unknown_0: got 'x'; takes no such field")
    required = 4
    assert caught.value.lines[-1] == f"and {2 * (3000 + required) - LISTED:,} more faults"
