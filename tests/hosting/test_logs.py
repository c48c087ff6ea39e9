"""The lines of a worker's log: their facts, their two shapes, and what has no traceback."""

import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError

from activities.logged import FACTS
from activities.settings import LogFormat, LogLevel, Settings
from hosting import logs
from workflows.durable.workflow_ids import (
    account_workflow_id,
    delivery_workflow_id,
    order_workflow_id,
    price_workflow_id,
)

ACTIVITY = {"activity_type": "record", "attempt": 3, "workflow_id": "subscription:s-1", "namespace": "default"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def kept() -> Iterator[None]:
    """The process's own log afterwards."""
    root, loggers = logging.getLogger(), [logging.getLogger(name) for name in logs.OURS]
    loggers += [activity.logger.logger, workflow.logger.logger]
    handlers, levels = root.handlers[:], [(each, each.level) for each in (root, *loggers)]
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    for each, level in levels:
        each.setLevel(level)
    activity.logger.activity_info_on_message = workflow.logger.workflow_info_on_message = True


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
@pytest.mark.parametrize("wanted", [None, *LogFormat])
def test_a_terminal_gets_text_and_anything_else_json(stream: type[io.StringIO], wanted: LogFormat | None) -> None:
    to = stream()
    logs.start(Settings(log_format=wanted), to)
    logging.getLogger("hosting.anything").info("done", extra={FACTS: {"seq": 1, "why": "two words"}})
    if (wanted or (LogFormat.TEXT if to.isatty() else LogFormat.JSON)) is LogFormat.JSON:
        (line,) = lines(to)
        assert list(line) == ["at", "level", "message", "seq", "why", "logger"]
        assert (line["level"], line["message"], line["seq"]) == ("info", "done", 1)
        assert line["at"].endswith("Z")
    else:
        assert to.getvalue()[19:] == 'Z INFO    done  seq=1 why="two words"\n'


@pytest.mark.usefixtures("kept")
def test_the_level_is_for_us_and_libraries_only_warn() -> None:
    to = io.StringIO()
    logs.start(Settings(log_format=LogFormat.JSON, log_level=LogLevel.WARNING), to)
    for name in ("hosting.x", "temporalio.activity", "httpx2", "alembic"):
        logging.getLogger(name).info("quiet")
        logging.getLogger(name).warning("heard")
    logs.start(Settings(log_format=LogFormat.JSON, log_level=LogLevel.DEBUG), to)
    for name in ("hosting.x", "httpx2"):
        logging.getLogger(name).debug("debugged")
    assert [line["message"] for line in lines(to)] == ["heard"] * 4 + ["debugged"]


@pytest.mark.usefixtures("kept")
def test_pythons_own_warnings_are_lines_too() -> None:
    to = io.StringIO()
    logs.start(Settings(log_format=LogFormat.JSON), to)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("never awaited", RuntimeWarning, stacklevel=1)
    assert "never awaited" in lines(to)[0]["message"]


def of(error: BaseException | None = None, **extra: Any) -> logging.LogRecord:
    """A line as the SDK logs it."""
    caught = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("temporalio.activity", logging.WARNING, "f", 1, logs.FAILED, (), caught)
    record.__dict__.update(extra)
    return record


def test_an_expected_failure_is_one_line_with_its_facts_and_no_traceback() -> None:
    error = ApplicationError("The database is locked.", type="BooksUnavailable")
    content = logs.content_of(of(error, temporal_activity=ACTIVITY))
    content.pop("at")
    assert content == {
        "level": "warning",
        "message": "attempt failed",
        "subscription": "s-1",
        "activity": "record",
        "attempt": 3,
        "workflow": "subscription:s-1",
        "error": "BooksUnavailable: The database is locked.",
        "logger": "temporalio.activity",
    }


@pytest.mark.parametrize(
    ("workflow_id", "named"),
    [
        (account_workflow_id("fabrikam"), {"customer": "fabrikam"}),
        (order_workflow_id("o-1"), {"order": "o-1"}),
        (delivery_workflow_id("s-1"), {"subscription": "s-1"}),
        (price_workflow_id(7), {}),
        ("anything", {}),
    ],
)
def test_a_workflows_id_says_whose_it_is(workflow_id: str, named: dict[str, str]) -> None:
    content = logs.content_of(of(temporal_workflow={"workflow_id": workflow_id, "attempt": 9}))
    assert content.items() >= {"workflow": workflow_id, **named}.items()
    assert "attempt" not in content


def test_an_attempt_that_ends_with_its_worker_is_one_line_without_a_traceback() -> None:
    content = logs.content_of(of(asyncio.CancelledError("Activity cancelled")))
    assert content["error"] == logs.CANCELLED
    assert "traceback" not in content


def test_an_unexpected_error_keeps_its_traceback_within_the_line() -> None:
    try:
        raise RuntimeError("two\nlines")
    except RuntimeError as raised:
        error = raised
    content = logs.content_of(of(error))
    assert content["error"] == "RuntimeError: two\nlines"
    assert "test_logs.py" in content["traceback"]
    assert len(logs._as_json(content).splitlines()) == 1
    first, *rest = logs._as_text(content).splitlines()
    assert first.endswith('error="RuntimeError: two\\nlines"')
    assert all(line.startswith("    ") for line in rest)


def test_a_callers_words_cannot_forge_a_line_or_move_the_cursor() -> None:
    record = logging.LogRecord("hosting", logging.INFO, "f", 1, "said: %s", ("x\n\x1b[2J{}\u202e",), None)
    assert len(logs._as_json(logs.content_of(record)).splitlines()) == 1
    text = logs._as_text(logs.content_of(record))
    assert text.isprintable()
