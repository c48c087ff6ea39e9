"""The runbook has an entry for everything that somebody on call can see: alarms, `Attention`, errors, log lines."""

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.worker import _workflow_instance

from activities.errors import Permanent, Transient
from activities.notifications.publishers import SecretsMissing
from hosting.logs import FAILED, content_of
from hosting.monitoring.server import CLOCK, EFFECTS, NOTIFICATION, OTHER, TASK
from tests.support.live.runbook import SECTIONS, entries
from tests.support.metrics.alarms import EXPRESSIONS
from tests.support.paths import ROOT
from tests.support.project import FLOORS, sources

TABLES = ["By the alarm", "By Attention", "By the error", "By the line of the log"]
ANY = "…"
"""Stands in the page for what differs from line to line."""
LEVELS = {"warning", "error", "exception", "critical"}
BY_LEVEL = {"log", "_log"}
"""Functions that take the level as their first argument."""
QUIET = {"logging.INFO", "logging.DEBUG"}
SHOWN = {"SecretsMissing": str(SecretsMissing(ANY, [ANY], None)).partition(":")[0]}
"""How an exception begins that is logged as it is."""


@pytest.mark.parametrize("table", TABLES)
def test_every_entry_has_a_cause_a_check_and_a_cure(table: str) -> None:
    found = entries(table)
    assert len(found) >= 5
    assert [seen for seen, cells in found.items() if not all(cell.strip() for cell in cells)] == []


def test_every_alarm_has_an_entry() -> None:
    assert {seen.strip("`") for seen in entries("By the alarm")} == EXPRESSIONS.keys()


def test_every_cause_of_attention_has_an_entry() -> None:
    """Each activity that can fail for good, and what else the metric counts."""
    named = {name for seen in entries("By Attention") for name in re.findall(r"`(\w+)`", seen)}
    assert named == EFFECTS | {NOTIFICATION, CLOCK, TASK, OTHER}


def test_every_way_in_which_notifications_halt_has_an_entry() -> None:
    said = " ".join(entries("By Attention"))
    files = ("activities/notifications/activities.py", "workflows/notifications/messages.py")
    words = {
        each
        for file in files
        for each in _texts(ROOT / file)
        if re.match(r"(Event|No worker|Publisher|The offer)", each)
    }
    halting = {each for each in words if re.search(r"undeliverable|notifies|is not imported|publisher is not", each)}
    assert len(halting) >= 4
    assert {each for each in halting if f"`{_beginning(each)}" not in said} == set()


def test_every_error_of_an_activity_has_an_entry() -> None:
    named = {name for seen in entries("By the error") for name in re.findall(r"`(\w+)`", seen)}
    assert named == {each.__name__ for each in _kinds(Permanent, Transient)}


def _kinds(*bases: type[Exception]) -> Iterator[type[Exception]]:
    for base in bases:
        for kind in base.__subclasses__():
            yield kind
            yield from _kinds(kind)


def test_every_warning_and_error_of_the_log_has_an_entry() -> None:
    logged = {line: str(path) for path in sources(*FLOORS) for line in _logged(path)}
    assert len(logged) >= 15
    explained = {seen.strip("`") for seen in entries("By the line of the log")}
    assert {line: path for line, path in logged.items() if line not in explained} == {}
    of_the_sdk = {
        *("attempt failed", "Failed activation on workflow …", "Timed out running eviction job for run ID …"),
        "Cannot find activity to cancel for token …",
        "Failed handling activation on workflow with run ID …",
    }
    assert explained - logged.keys() == of_the_sdk


def test_the_lines_of_the_sdk_are_as_they_are_written_there() -> None:
    assert "Failed activation on workflow" in Path(_workflow_instance.__file__).read_text()
    workflows = Path(_workflow_instance.__file__).with_name("_workflow.py").read_text()
    assert all(words in workflows for words in ("Timed out running eviction job", "Failed handling activation"))
    activities = Path(_workflow_instance.__file__).with_name("_activity.py").read_text()
    assert all(words in activities for words in (FAILED, "Cannot find activity to cancel for token"))
    record = logging.LogRecord("sdk", logging.WARNING, "", 0, FAILED, None, None)
    assert content_of(record)["message"] == "attempt failed"


def test_the_page_leads_to_its_tables() -> None:
    assert set(TABLES) <= SECTIONS.keys()


def _logged(path: Path) -> Iterator[str]:
    """What the file logs as warnings and errors, with ANY for what differs."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        owner = ast.unparse(node.func)
        if name in LEVELS and re.search(r"log(ger)?\.", owner):
            words = node.args[0]
        elif name == "_log" and isinstance(node.func, ast.Name) and ast.unparse(node.args[0]) not in QUIET:
            words = node.args[1]
        else:
            continue
        template = _template(words)
        if template == ANY:
            template = SHOWN[ast.unparse(node.args[1].func)] if isinstance(node.args[1], ast.Call) else template
        yield template


def _template(words: ast.expr) -> str:
    if isinstance(words, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else ANY for part in words.values)  # type: ignore[misc]
    assert isinstance(words, ast.Constant), ast.unparse(words)
    return re.sub(r"%[sd]", ANY, str(words.value))


def _texts(path: Path) -> Iterator[str]:
    """The texts of the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield _template(node)


def _beginning(template: str) -> str:
    """The words up to the second place that differs, or to the end of the sentence."""
    return re.match(r"[^…]*(…[^…:.]*)?", template)[0].rstrip()  # type: ignore[index]  # it matches everything
