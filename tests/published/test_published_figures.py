"""Microsoft's worked examples, lived here: the same figure, or one apart by the amount and the rule that are told."""

import re
from decimal import Decimal

import pytest

from tests.published.arithmetic import LINES, USES, Line, Used
from tests.published.figures import Example, Figure
from tests.published.page import COMMAND, EXAMPLES, FIGURES, document
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "published-figures.md"
AMOUNT = re.compile(r"-?\d+\.\d\d")


def named(example: Example, figure: Figure) -> str:
    return f"{example.source.title.split()[0]}-{example.name}-{figure.what}".replace(" ", "_")


@pytest.mark.parametrize(("example", "figure"), FIGURES, ids=[named(*each) for each in FIGURES])
def test_a_life_comes_to_the_figure_that_the_page_gives_as_ours(example: Example, figure: Figure) -> None:
    assert figure.read(example.live()) == figure.ours


@pytest.mark.parametrize(("example", "figure"), FIGURES, ids=[named(*each) for each in FIGURES])
def test_a_difference_is_told_with_its_amount_and_its_reason(example: Example, figure: Figure) -> None:
    amounts = bool(AMOUNT.fullmatch(figure.theirs))
    assert bool(AMOUNT.fullmatch(figure.ours)) == amounts
    if figure.same:
        assert (figure.apart, figure.why) == ("", "")
    else:
        assert figure.why
        assert figure.apart == (str(Decimal(figure.theirs) - Decimal(figure.ours)) if amounts else "")


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.quantity}x{line.price}-{line.days}of{line.of}")
def test_mon_4_a_prorated_line_in_three_ways(line: Line) -> None:
    assert (str(line.formula()), str(line.here())) == (line.by_formula, line.ours)
    figures = {figure.theirs.lstrip("-") for example, figure in FIGURES if example.source is line.source}
    assert line.published in figures


@pytest.mark.parametrize("use", USES, ids=lambda use: use.units)
def test_mon_1_usage_is_rounded_half_up_where_theirs_is_cut_off(use: Used) -> None:
    assert str(use.here()) == use.ours
    assert Decimal(use.ours) - Decimal(use.published) == Decimal("0.01")


def test_every_example_has_a_name_of_its_own() -> None:
    names = [(example.source, example.name) for example in EXAMPLES]
    assert len(set(names)) == len(names)


def test_the_page_is_what_the_examples_say() -> None:
    assert PAGE.read_text("utf-8") == document(), f"stale; run: {COMMAND}"
