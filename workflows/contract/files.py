"""docs/contract/: pages, schemas, and the lock. The lock is what was promised to others; it may only grow."""

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workflows.contract.compare import Breaks, Change, breaking
from workflows.contract.interface import COMMAND, Interface, Schema
from workflows.contract.pages import index, page
from workflows.contract.schemas import bundle, without_prose

FOLDER = Path(__file__).parents[2] / "docs" / "contract"
LOCK = "contract.lock.json"
SHOWN = 60
"""How many lines of an addition are shown."""
LESSONS: dict[Breaks, tuple[str, str]] = {
    Breaks.MESSAGE_REMOVED: (
        "senders of it: an update gets an error, a signal gets no reaction at all",
        "keep the message, and let it answer `refused` with the rule and the next step; a better one gets a new name",
    ),
    Breaks.ADDRESS_CHANGED: (
        "callers of running workflows: those keep their old ids, for years",
        "keep the form of the id",
    ),
    Breaks.REMOVED: (
        "senders and readers of the field: a request with it is refused as malformed, a reader finds nothing",
        "keep the field: ignore it in a request if you must, fill it in an answer as before",
    ),
    Breaks.NEW_REQUIRED: (
        "all senders of today: they do not know the field, so their requests are refused as malformed",
        "make it optional, with a default that keeps the old behaviour",
    ),
    Breaks.MADE_REQUIRED: (
        "senders that leave it out, as promised: their requests are refused as malformed",
        "keep it optional; if it is needed, let a rule refuse, as an answer",
    ),
    Breaks.VALUE_REMOVED: (
        "senders of that value: their requests are refused as malformed",
        "keep taking it, and let a rule refuse it, or read it as the value that replaces it",
    ),
    Breaks.BOUND_NARROWED: (
        "senders of values within the old bound: their requests are refused as malformed",
        "keep the bound; if you want less, let a rule refuse, as an answer",
    ),
    Breaks.PATTERN_CHANGED: (
        "senders whose text fits only the old pattern, or readers that rely on it",
        "keep the pattern; text of another form gets a field of its own",
    ),
    Breaks.TYPE_CHANGED: (
        "senders of the old type are refused as malformed; readers cannot decode the new one",
        "keep the field as it is; the new type gets a new field beside it",
    ),
    Breaks.DEFAULT_CHANGED: (
        "senders that leave it out: the same request silently does something else",
        "keep the default; senders that want the new behaviour ask for it",
    ),
    Breaks.CLOSED: (
        "senders of fields that were ignored so far: their requests are refused as malformed",
        "keep ignoring unknown fields here",
    ),
    Breaks.NOT_ALWAYS: (
        "readers that rely on it, since it was always there",
        "keep writing it in every answer; add a new field for what is sometimes missing",
    ),
    Breaks.NULLABLE: (
        "readers that do not expect null here",
        "keep writing a value; add a new field for what may be missing",
    ),
    Breaks.UNKNOWN: (
        "perhaps somebody: the comparison does not know this keyword",
        "teach workflows/contract/compare.py what it means, and add a row to its test",
    ),
}
"""Whom each kind breaks, and what to do instead."""


def bundles(interfaces: tuple[Interface, ...]) -> dict[str, Schema]:
    """Every interface's schemas, by its page's name."""
    return {each.slug: bundle(each) for each in interfaces}


def generated(interfaces: tuple[Interface, ...]) -> Mapping[str, str]:
    """Every file but the lock, by its name."""
    made = {"README.md": index(interfaces)}
    for each, schemas in zip(interfaces, bundles(interfaces).values(), strict=True):
        made[f"{each.slug}.md"] = page(each, schemas)
        made[f"{each.slug}.schema.json"] = json.dumps(schemas, indent=1) + "\n"
    return made


def publish(interfaces: tuple[Interface, ...], folder: Path = FOLDER) -> str:
    """Write the files and the lock. Where that would break the contract, write nothing and say what is broken."""
    new = bundles(interfaces)
    if words := broken(read(folder / LOCK), new):
        return words
    folder.mkdir(exist_ok=True)
    for name, text in generated(interfaces).items():
        (folder / name).write_text(text, "utf-8")
    (folder / LOCK).write_text(locked(new), "utf-8")
    return ""


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
