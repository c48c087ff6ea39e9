"""The pages of docs/stories, followed as their readers do: typed in order, and what is printed compared with the page.

On a page, a fence without a language is typed; a `text` fence shows what the typed one before it prints, where a line
of `...` stands for lines that are left out. A comment before a typed fence says what a test cannot see in it: NOTES.
"""

import itertools
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.support.command_line import Starter
from tests.support.paths import ROOT

STORIES = ROOT / "docs" / "stories"
PROGRAM = ["python", "starter.py"]
LEFT_OUT = "..."
_PART = re.compile(
    r"^<!-- exit code (?P<code>\d) -->$|^```(?P<kind>|text)\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL
)
_SHELL = re.compile(r"[|<>&;$`]")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_CLOCK = re.compile(r"--test-clock (\d{4}-\d\d-\d\d)")
_MOVING = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h(?:\r|\x1b\[1A|\x1b\[2K)*", re.DOTALL)
"""Progress, which a terminal wipes away."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DIFFERS = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)|(?P<time>\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)|(?P<id>(?<=-)[0-9a-f]{8,10}\b)"
    r"|(?P<port>(?<=127\.0\.0\.1:)\d+|(?<=localhost:)\d+)"
)
"""What is another one each time: instants, ids that are made, ports."""


class Step(NamedTuple):
    """Lines that are typed, the exit code of the last one, and what they print, if the page shows it."""

    typed: list[str]
    code: int
    shown: list[str] | None


def steps(page: str) -> Iterator[Step]:
    """What the reader of a page does, in order."""
    text = (STORIES / page).read_text()
    parts = [*_PART.finditer(text), None]
    code = 0
    for part, after in itertools.pairwise(parts):
        assert part
        if part["code"]:
            code = int(part["code"])
        elif not part["kind"]:
            shown = after["block"].splitlines() if after and after["kind"] else None
            yield Step(part["block"].replace("\\\n", " ").splitlines(), code, shown)
            code = 0


def follow(page: str, starter: Starter) -> None:
    """Do what the page says. Raises AssertionError where it prints something else than the page shows."""
    clock = min(_CLOCK.findall((STORIES / page).read_text()), default="9999")
    for step in steps(page):
        *before, last = step.typed
        printed = [typed(line, starter, 0) for line in before]
        printed.append(typed(last, starter, step.code))
        if step.shown is not None:
            compare("".join(printed).splitlines(), step.shown, clock)


def typed(line: str, starter: Starter, code: int) -> str:
    """What the line prints at a terminal of 80 columns; it must end with that code. Ours runs in this process."""
    words = shlex.split(line, comments=True)
    if words[:2] == PROGRAM and not _SHELL.search(_QUOTED.sub("", line)):
        result = starter(*words[2:])
        ended, said = result.exit_code, result.output
    else:
        done = subprocess.run(
            ["bash", "-euc", line], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60
        )
        ended, said = done.returncode, done.stdout
    assert (ended, "Traceback" in said) == (code, False), f"{line}\n{said}"
    # The Web UI's tables have blanks that no line breaks at.
    return _CONTROL.sub("", _MOVING.sub("", said)).replace("\N{NO-BREAK SPACE}", " ")


def compare(printed: Sequence[str], shown: Sequence[str], clock: str) -> None:
    """Raise AssertionError unless this is what the page shows.

    Days from `clock` on are those of a test clock, and have to be the same.
    """
    rest = [line.rstrip() for line in printed]
    anywhere = False
    for line in shown:
        if line.strip() == LEFT_OUT:
            anywhere = True
            continue
        found = next((at for at, other in enumerate(rest) if same(line, other, clock)), None)
        assert found is not None, "\n".join(["The page shows", line, "and what is printed is", *rest])
        assert anywhere or not found, "\n".join(["The page does not show", *rest[:found], "before", line])
        rest, anywhere = rest[found + 1 :], False
    assert anywhere or not any(rest), "\n".join(["The page does not show at the end", *rest])


def same(shown: str, printed: str, clock: str) -> bool:
    """Whether the lines differ at most in what is another one each time."""
    if _DIFFERS.sub(_kind, shown) != _DIFFERS.sub(_kind, printed):
        return False
    days = zip(_days(shown), _days(printed), strict=True)
    return all(ours < clock or ours == theirs for ours, theirs in days)


def _kind(found: re.Match[str]) -> str:
    return f"<{found.lastgroup}>"


def _days(line: str) -> list[str]:
    return [found["day"] for found in _DIFFERS.finditer(line) if found["day"]]
