"""The rules in full, as docs/domain.md has them, and where answers and events name each one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from domain.faults import shown
from domain.next_step import PerennialError
from domain.rules import Rule
from perennial.rules.citations import CARRIED, REFUSED

_INSTALLED = Path(__file__).with_name("domain.md")
PAGE = _INSTALLED if _INSTALLED.exists() else Path(__file__).parents[2] / "docs" / "domain.md"
"""Beside this file in an installed program, in `docs/` of a checkout."""
_ROW = re.compile(r"^\| ([A-Z]{3}-[0-9]+) \| (.+) \| [^|]* \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


class UnknownRule(PerennialError):
    """No rule has this id."""


@dataclass(frozen=True)
class Explained:
    """A rule: its text, the actions that it can refuse, and the events that name it."""

    rule: str
    text: str
    refuses: tuple[str, ...]
    events: tuple[str, ...]


def explained(rule: str) -> Explained:
    """The rule of that id, in whatever case it is typed. Raises UnknownRule, which says which rules exist."""
    texts = rule_texts()
    wanted = rule.upper()
    if wanted not in texts:
        raise UnknownRule(f"No rule is called {shown(rule)}. The rules: {', '.join(_ranges(texts))}.")
    named = Rule(wanted) if wanted in set(Rule) else None
    refuses, events = (REFUSED.get(named, ()), CARRIED.get(named, ())) if named else ((), ())
    return Explained(wanted, texts[wanted], tuple(map(str, refuses)), tuple(dict.fromkeys(map(str, events))))


@cache
def rule_texts() -> Mapping[str, str]:
    """Every rule's text by its id, in the page's order, without the addresses of links."""
    page = PAGE.read_text(encoding="utf-8")
    return MappingProxyType({rule: _LINK.sub(r"\1", text) for rule, text in _ROW.findall(page)})


def _ranges(rules: Mapping[str, str]) -> list[str]:
    """The ids, those that follow each other as the first and the last: `TIM-1 to TIM-7`."""
    found: list[tuple[str, int, int]] = []
    for rule in rules:
        topic, _, number = rule.partition("-")
        last = found[-1] if found else None
        if last and (last[0], last[2] + 1) == (topic, int(number)):
            found[-1] = (topic, last[1], int(number))
        else:
            found.append((topic, int(number), int(number)))
    return [f"{topic}-{first}" + (f" to {topic}-{last}" if last > first else "") for topic, first, last in found]
