"""Rooms that can be looked over: few files in a folder, short files, and tests in the room of what they test."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.project import FLOORS, SHIPPED, sources

MOST_FILES = 16
MOST_LINES = 250
GROWING = {"activities/adapters/sql/migrations/versions"}
"""A file for each revision of the database, for ever."""
ELSEWHERE = {"activities": ("activities/adapters", "activities/adapters/sql"), "cli": ("docs",)}
"""Where else the room of a floor's tests may be."""
PROGRAMS = {"chaos", "explore", "mutants", "published", "replay"}
"""Folders of tests with a program of their own, which shares its modules with them."""


def test_at_most_sixteen_files_side_by_side() -> None:
    files = Counter(path.parent for path in sources(*SHIPPED, "tests") if path.name != "__init__.py")
    full = {folder.relative_to(ROOT).as_posix() for folder, count in files.items() if count > MOST_FILES}
    assert full - GROWING == set()


def test_a_file_is_read_in_one_sitting() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in sources(*SHIPPED)}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize("floor", FLOORS)
def test_tests_lie_in_the_room_of_what_they_test(floor: str) -> None:
    rooms = {path.parent.relative_to(ROOT / "tests" / floor) for path in sources(f"tests/{floor}")}
    places = [ROOT / place for place in (floor, *ELSEWHERE.get(floor, ()))]
    assert [str(room) for room in rooms if not any((place / room).is_dir() for place in places)] == []


def test_tests_share_by_support_alone() -> None:
    """No test imports of another one; what two files share lies in tests/support."""
    assert {str(path.relative_to(ROOT)): found for path in sources("tests") if (found := borrowed(path))} == {}


def borrowed(path: Path) -> list[str]:
    """The modules of other tests that the file imports."""
    folder = path.relative_to(ROOT / "tests").parts[0]
    allowed = ("tests.support.", *(f"tests.{program}." for program in PROGRAMS & {folder}))
    nodes = ast.walk(ast.parse(path.read_text()))
    modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return [name for name in modules if f"{name}.".startswith("tests.") and not f"{name}.".startswith(allowed)]
