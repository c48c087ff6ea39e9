"""A terminal or pipe that is not UTF-8 gets simpler characters, never an error or a riddle."""

import pytest

from cli.encoding import SIMPLER


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_what_the_encoding_lacks_is_written_simpler(encoding: str) -> None:
    assert "3 → 5".encode(encoding, SIMPLER) == b"3 -> 5"
    assert "a→→b 例".encode(encoding, SIMPLER) == b"a->->b ?"


def test_utf_8_stays_as_it_is() -> None:
    assert "3 → 5 例".encode("utf-8", SIMPLER).decode() == "3 → 5 例"
