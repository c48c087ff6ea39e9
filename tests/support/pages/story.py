"""The pages of docs/stories, followed as their readers do: typed in order, and what is printed compared with the page.

On a page, a fence without a language is typed; a `text` fence shows what the typed one before it prints, where a line
of `...` stands for lines that are left out. A comment before a typed fence says what a test cannot see in it:
`exit code 1` is how its last line ends, if not with 0; `again, while it comes too early` is typed until it is as shown;
`in a terminal of its own, until it says: WORDS` runs on, and `Ctrl-C in: WORDS` ends what begins with them.
"""

import itertools
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tests.support.command_line import Starter
from tests.support.paths import ROOT

STORIES = ROOT / "docs" / "stories"
PROGRAM = ["python", "starter.py"]
EXPORT = "export "
LEFT_OUT = "..."
PATIENCE = 60
"""How many seconds something may take to be there."""
_PART = re.compile(r"^<!-- (?P<note>.*?) -->$|^```(?P<kind>|text)\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)
_NOTE = re.compile(
    r"(?:exit code (?P<code>\d))?(?:, )?(?P<early>again, while it comes too early)?|Ctrl-C in: (?P<ended>.*)"
    r"|in a terminal of its own, until it says: (?P<until>.*)"
)
_SHELL = re.compile(r"[|<>&;$`]")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_CLOCK = re.compile(r"--test-clock (\d{4}-\d\d-\d\d)")
_MOVING = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h(?:\r|\x1b\[1A|\x1b\[2K)*", re.DOTALL)
"""Progress, which a terminal wipes away."""
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DIFFERS = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)|(?P<month>\b\d{4}-\d\d\b)|(?P<time>\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)|(?P<id>(?<=-)[0-9a-f]{8,10}\b)"
    r"|(?P<port>(?<=127\.0\.0\.1:)\d+|(?<=localhost:)\d+)"
)
"""What is another one each time: instants, ids that are made, ports."""


class Step(NamedTuple):
    """Lines that are typed, the note before them, and what they print, if the page shows it."""

    typed: list[str]
    note: re.Match[str] | None
    shown: list[str] | None

    @property
    def code(self) -> int:
        """The exit code of the last line."""
        return int(self.note["code"] or 0) if self.note else 0


def steps(text: str) -> Iterator[Step]:
    """What the reader of a page does, in order."""
    note = None
    for part, after in itertools.pairwise([*_PART.finditer(text), None]):
        assert part
        if part["note"]:
            note = _NOTE.fullmatch(part["note"])
            assert note, part["note"]
            if note["ended"]:
                yield Step([], note, None)
        elif not part["kind"]:
            shown = after["block"].splitlines() if after and after["kind"] else None
            yield Step(part["block"].replace("\\\n", " ").splitlines(), note, shown)
            note = None


class Reader:
    """Follows pages at terminals of 80 columns; `ports` has those that are free here for those of the pages."""

    def __init__(
        self, starter: Starter, setenv: Callable[[str, str], None], folder: Path, ports: Mapping[str, int]
    ) -> None:
        self._starter, self._setenv, self._folder, self._ports = starter, setenv, folder, ports
        self._terminals: dict[str, subprocess.Popen[bytes]] = {}
        self._numbers = itertools.count(1)

    def follow(self, page: str, changes: Mapping[str, str] = MappingProxyType({})) -> None:
        """Do what the page says. Raises AssertionError where something else is printed than the page shows.

        What the page has may be changed for the test.
        """
        text = (STORIES / f"{page}.md").read_text()
        for old, new in {**self._ports, **changes}.items():
            text = text.replace(old, str(new))
        clock = min(_CLOCK.findall(text), default="9999")
        try:
            for step in steps(text):
                self._do(step, clock)
        finally:
            for line in list(self._terminals):
                self._end(line, signal.SIGKILL)

    def _do(self, step: Step, clock: str) -> None:
        if step.note and step.note["ended"]:
            self._end(step.note["ended"], signal.SIGTERM)
        elif step.note and step.note["until"]:
            (line,) = step.typed
            self._start(line, step.note["until"])
        else:
            latest = time.monotonic() + (PATIENCE if step.note and step.note["early"] else 0)
            while not self._done(step, clock, last_try=time.monotonic() >= latest):
                time.sleep(0.5)

    def _done(self, step: Step, clock: str, *, last_try: bool) -> bool:
        """Type it; whether it ends and prints as on the page. Raises AssertionError if not, on the last try."""
        *before, last = step.typed
        try:
            printed = [self._typed(line, 0) for line in before] + [self._typed(last, step.code)]
            if step.shown is not None:
                compare("".join(printed).splitlines(), step.shown, clock)
        except AssertionError:
            if last_try:
                raise
            return False
        return True

    def _typed(self, line: str, code: int) -> str:
        """What the line prints; it must end with that code. Ours runs in this process."""
        words = shlex.split(line, comments=True)
        if line.startswith(EXPORT):
            for each in words[1:]:
                name, _, value = each.partition("=")
                self._setenv(name, os.path.expandvars(value))
            return ""
        if words[:2] == PROGRAM and not _SHELL.search(_QUOTED.sub("", line)):
            result = self._starter(*words[2:])
            ended, said = result.exit_code, result.output
        else:
            done = subprocess.run(["bash", "-euc", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            ended, said = done.returncode, done.stdout
        assert (ended, "Traceback" in said) == (code, False), f"{line}\n{said}"
        # The Web UI's tables have blanks that no line breaks at.
        return _CONTROL.sub("", _MOVING.sub("", said)).replace("\N{NO-BREAK SPACE}", " ")

    def _start(self, line: str, words: str) -> None:
        """Type it in a terminal of its own, where it runs on, and wait for these words."""
        log = self._folder / f"terminal-{next(self._numbers)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-euc", line], stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._terminals[line] = process
        latest = time.monotonic() + PATIENCE
        while words not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < latest, log.read_text()
            time.sleep(0.05)

    def _end(self, line: str, number: signal.Signals) -> None:
        """Send that signal to what runs in a terminal, and wait for its end."""
        (found,) = (each for each in self._terminals if each.startswith(line))
        process = self._terminals.pop(found)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(30)


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
