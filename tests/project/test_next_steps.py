"""What the floors below the command line say names no command: callers by Nexus, HTTP or Python have none to type.

A next step is a value there, which each front words in its own way.
"""

import ast
import re
from pathlib import Path

import pytest

from cli.next_step import COMMANDS, TEMPORAL, command_for, worded
from domain.next_step import Do, NextStep
from tests.support.paths import ROOT

BELOW = ("domain", "statemachines", "activities", "workflows", "perennial", "hosting")
COMMAND_LINE = re.compile(r"starter\.py|worker\.py|\bmake [a-z]+\b(?=[,.)]|$)|--[a-z]+ ")
# Not commands of ours: what an operator types at the server's own tool.
ITS_OWN = re.compile(
    r"--(name|target-namespace|target-task-queue|namespace|retention|retention-days|region|type|search-attribute|data) "
)


def strings(path: Path) -> list[str]:
    """Every text of the file that is not a docstring."""
    tree = ast.parse(path.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


@pytest.mark.parametrize("floor", BELOW)
def test_no_command_line_below_the_command_line(floor: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in sorted((ROOT / floor).rglob("*.py"))
        for text in strings(path)
        if COMMAND_LINE.search(ITS_OWN.sub("", text))
    ]
    assert found == []


@pytest.mark.parametrize("do", Do)
def test_every_step_has_words_and_a_command(do: Do) -> None:
    assert NextStep(do).phrase == do.words
    assert do is Do.START_WORKER or {**COMMANDS, **TEMPORAL}[do]
    assert command_for(NextStep(do, "x-1"))


def test_a_step_is_a_sentence_for_anybody_and_a_command_at_a_terminal() -> None:
    step = NextStep(Do.REVIEW_CART, "contoso", "Review it, then buy")
    assert str(step) == "Review it, then buy."
    assert worded(step) == "Review it, then buy: python starter.py cart review --customer contoso"
    assert worded(NextStep(Do.ADD_TO_CART)).endswith(": python starter.py cart add OFFER --customer CUSTOMER")
