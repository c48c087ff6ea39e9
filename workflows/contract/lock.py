"""The lock: the contract as it was promised to others. It may only grow."""

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workflows.contract.change import LESSONS, Change
from workflows.contract.compare import breaking
from workflows.contract.interface import Schema
from workflows.contract.schemas import without_prose

COMMAND = ".venv/bin/python -m workflows.contract"
LOCK = "contract.lock.json"
SHOWN = 60
"""How many lines of an addition are shown."""


def locked(bundles: Mapping[str, Schema]) -> str:
    """The lock's text for these bundles, by their pages' names."""
    kept = {slug: {**without_prose(bundle), "title": bundle["title"]} for slug, bundle in sorted(bundles.items())}
    return json.dumps(kept, indent=1, sort_keys=True) + "\n"


def read(path: Path) -> dict[str, Schema]:
    """The lock's bundles; none where there is no lock yet."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def broken(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> str:
    """What is broken, whom it breaks and what to do instead; empty if nothing is broken."""
    lessons = [
        "\n".join(_lesson(change, bundle["title"], messages))
        for slug, bundle in old.items()
        for change, messages in breaking(bundle, new.get(slug)).items()
    ]
    if not lessons:
        return ""
    head = (
        "This would break the public contract (docs/contract/README.md says what may change, ADR 0015 why).\n"
        "Services that you do not deploy use it, and subscriptions that began years ago answer them."
    )
    foot = (
        "The lock is unchanged. If you are sure that nobody relies on what you remove, take it out of\n"
        f"docs/contract/{LOCK} by hand, in a commit that says whom you asked, with a line under Removed in\n"
        f"CHANGELOG.md; then run: {COMMAND}"
    )
    return "\n\n".join([head, *lessons, foot])


def _lesson(change: Change, title: str, messages: list[str]) -> Iterator[str]:
    whom, instead = LESSONS[change.kind]
    way = "requests" if change.asked else "answers"
    yield f"{change.place}: {change.kind}"
    yield f"  where:    {title}: {', '.join(messages)} ({way})"
    yield f"  changed:  {change.was} -> {change.now}"
    yield f"  breaks:   {whom}"
    yield f"  instead:  {instead}"


def added(old_text: str, new_text: str) -> str:
    """What the code adds to the lock, and the command that publishes it; empty if they are equal."""
    if old_text == new_text:
        return ""
    diff = list(difflib.unified_diff(old_text.splitlines(), new_text.splitlines(), "the lock", "the code", lineterm=""))
    more = [f"... and {len(diff) - SHOWN} more lines"] if len(diff) > SHOWN else []
    words = (
        "The code promises more than the lock, and breaks nothing. To publish it, run\n"
        f"    {COMMAND}\n"
        "and commit docs/contract/ with your change. From then on it is a promise: check the names once more."
    )
    return "\n".join([words, "", *diff[:SHOWN], *more])
