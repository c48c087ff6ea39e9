"""Every read command at a terminal of 80 columns, with realistic data: no line is longer, and no word is broken."""

import re

import pytest

from cli.start import program
from tests.support.command_line import COMMANDS, Billed, Starter
from tests.support.reads import CHANGING, ELSEWHERE, LINES, asked, filled
from tests.support.terminal import NARROW

WIDTH, WIDE = 80, 400


@pytest.fixture
def names(billed: Billed) -> dict[str, str]:
    return filled(billed)


def test_every_read_command_is_walked() -> None:
    known = set(LINES) | set(ELSEWHERE) | CHANGING
    assert set(COMMANDS) == known


def words(text: str) -> set[str]:
    """All but times, which go on, and headings: where a table is printed as a list, the first one has no place."""
    return {word for word in text.split() if not (word.isupper() or re.fullmatch(r"[0-9:]+", word))}


@pytest.mark.live
def test_no_line_is_longer_and_no_word_is_broken(
    starter: Starter, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in NARROW.items():
        monkeypatch.setenv(name, value)
    found = {}
    for line in asked(names):
        printed = {}
        for width in (WIDTH, WIDE):
            monkeypatch.setenv("COLUMNS", str(width))
            result = starter(*line.split())
            assert result.exit_code in {0, 1}, result.output
            printed[width] = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)
        long = [each for each in printed[WIDTH].splitlines() if len(each) > WIDTH and program() not in each]
        broken = words(printed[WIDE]) - words(printed[WIDTH])
        if long or broken:
            found[line] = [*long, *sorted(broken)[:8]]
    assert not found, "\n".join(f"{line}: {what}" for line, whats in found.items() for what in whats)
