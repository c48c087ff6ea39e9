"""What docs/other-services.md shows: the ways to send a message, the requests in its tables, and whole examples."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.support.paths import ROOT

TEXT = (ROOT / "docs" / "other-services.md").read_text()
CELL = r"(?:`([^`]*)`)?"


def _runnable(language: str, code: str) -> str:
    return f"python - <<'CODE'\n{code}CODE\n" if language == "python" else code


class Example(NamedTuple):
    """A whole example: what it is run on, and how its effect is checked."""

    kind: str
    check: str
    expected: str
    code: str


class Row(NamedTuple):
    """A message of the tables, such as the update `cancel`; `request` is its JSON."""

    page: str
    kind: str
    name: str
    request: str


WAYS: dict[tuple[str, str], str] = {
    (kind, way): _runnable(language, code)
    for kind, way, language, code in re.findall(
        r"<!-- way: (\w+), (\w+) -->\n```(sh|python)\n(.*?)```", TEXT, re.DOTALL
    )
}
"""By kind (update, signal, query, question) and way (cli, curl, python): what sends $NAME and $REQUEST to $WORKFLOW."""

EXAMPLES = [
    Example(kind, check, expected, _runnable(language, code))
    for kind, check, expected, language, code in re.findall(
        r"<!-- run on: ([\w-]+); (\w+): (.*?) -->\n```(sh|python)\n(.*?)```", TEXT, re.DOTALL
    )
]


def _section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _rows() -> Iterator[Row]:
    subscriptions, payments = _section("Subscriptions"), _section("Payments")
    for update, request, signal in re.findall(
        rf"^\| `(\w+)` \| `({{.*?}})` \| {CELL} ?\|$", subscriptions, re.MULTILINE
    ):
        yield Row("subscription", "update", update, request)
        if signal:
            yield Row("subscription", "signal", signal, request)
    for name, request in re.findall(rf"^\| `(\w+)` \| {CELL} ?\| [a-z].* \|$", subscriptions, re.MULTILINE):
        yield Row("subscription", "question" if request else "query", name, request)
    for name, request in re.findall(r"^\| `(\w+)` \| `({.*?})` \|$", payments, re.MULTILINE):
        yield Row("billing-account", "update", name, request)
        yield Row("billing-account", "signal", name, request)
    for name in re.findall(r"^\| `(\w+)` \| [a-z].* \|$", payments, re.MULTILINE):
        yield Row("billing-account", "query", name, "")


ROWS = list(_rows())


def requests() -> Iterator[tuple[str, str, str, Any]]:
    """Every request of the page: its contract page, the kind of message, the message's name and the JSON."""
    kinds = {"update": "updates", "signal": "signals", "query": "queries", "question": "queries"}
    for row in ROWS:
        if row.request:
            yield row.page, kinds[row.kind], row.name, json.loads(row.request)
    for example in EXAMPLES:
        # A variable of the shell stands between two quoted parts.
        text = re.sub(r"'\$\w+'", "variable", example.code)
        page = "billing-account" if "billing-account:" in text else "subscription"
        for kind, name, request in re.findall(
            r"temporal workflow (update|signal|query)\b.*?--(?:name|type) (\w+).*?--input '(.*?)'", text, re.DOTALL
        ):
            yield page, kinds[kind], name, json.loads(request)
        if started := re.search(r"--type OrderWorkflow.*?--input '(.*?)'", text, re.DOTALL):
            yield "order", "start", "start", json.loads(started[1])
