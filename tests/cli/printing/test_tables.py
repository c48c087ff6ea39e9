"""Tables fit the terminal without breaking a word, and stay one line per row in a pipe."""

import io
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.encoding import SIMPLER
from cli.printing.tables import print_columns

WORDS = st.lists(st.text("abcdefgh0123456789-", min_size=1, max_size=16), max_size=12).map(" ".join)
HEADINGS = ("SEQ", "WHEN (UTC)", "EVENT", "WHY")
ROWS = [
    ("1", "2027-01-31 09:00:00", "purchased", "purchase"),
    ("2", "2027-02-01 10:00:00", "cancellation_scheduled", "after the refund window: at renewal; customer_request"),
    ("10", "2027-02-28 09:00:00", "expired", ""),
]


def printed(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int, *, terminal: bool = True) -> str:
    out = io.StringIO()
    screen = Console(file=out, width=width, force_terminal=terminal, color_system=None, highlight=False)
    print_columns(screen, headings, rows, right=headings[:1])
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


@given(st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS), max_size=6), st.integers(30, 160))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(rows: list[tuple[str, ...]], width: int) -> None:
    text = printed(HEADINGS, rows, width)
    assert max(map(len, text.splitlines()), default=0) <= width
    assert sorted(word for row in rows for cell in row for word in cell.split()) == sorted(
        word for word in text.split() if word not in " ".join(HEADINGS).split()
    )


def test_the_widest_column_wraps_first() -> None:
    assert printed(HEADINGS, ROWS, 80) == (
        "SEQ  WHEN (UTC)           EVENT                   WHY\n"
        "  1  2027-01-31 09:00:00  purchased               purchase\n"
        "  2  2027-02-01 10:00:00  cancellation_scheduled  after the refund window: at\n"
        "                                                  renewal; customer_request\n"
        " 10  2027-02-28 09:00:00  expired\n"
    )


def test_words_that_do_not_fit_beside_each_other_stand_below_each_other() -> None:
    assert printed(("ID", "CUSTOMER", "STATE"), [("a" * 40, "b" * 40, "active"), ("short", "", "trial")], 80) == (
        f"{'a' * 40}\n  CUSTOMER  {'b' * 40}\n  STATE     active\nshort\n  STATE     trial\n"
    )


def test_a_cell_without_a_heading_stands_before_the_next_one() -> None:
    assert printed(("ID", "KIND", "", "AMOUNT", ""), [("a" * 40, "b" * 40, "USD", "7.00", "today")], 80) == (
        f"{'a' * 40}\n  KIND    {'b' * 40}\n  AMOUNT  USD 7.00\n          today\n"
    )


@pytest.mark.parametrize("width", [20, 80])
def test_in_a_pipe_each_row_is_one_line(width: int) -> None:
    assert printed(HEADINGS, ROWS, width, terminal=False).count("\n") == 4


def test_columns_stand_in_line_where_the_encoding_lacks_a_character() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors=SIMPLER)
    print_columns(
        Console(file=out, width=80), ("QUANTITY", "WHY"), [("3 → 5", "asked"), ("5", "…")], right=("QUANTITY",)
    )
    out.seek(0)
    assert out.read().splitlines() == ["QUANTITY  WHY", "  3 -> 5  asked", "       5  ..."]
