"""The log of a worker: one JSON object per line, or a line for people who look at a terminal."""

import asyncio
import json
import logging
import os
import platform
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TextIO

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.exceptions import FailureError

from activities.logged import FACTS
from activities.settings import LogFormat, Settings
from domain.values import format_instant
from hosting.build import build_of
from workflows.durable.workflow_ids import (
    account_workflow_id,
    delivery_workflow_id,
    order_workflow_id,
    subscription_workflow_id,
)

_log = logging.getLogger(__name__)
OURS = ("activities", "domain", "hosting", "perennial", "statemachines", "workflows")
FAILED = "Completing activity as failed"
"""How the SDK says that an attempt of an activity has failed."""
CANCELLED = "Cancelled: the worker stops, or the attempt took longer than the server waits for it"
_NAMED_BY = {
    subscription_workflow_id(""): "subscription",
    delivery_workflow_id(""): "subscription",
    account_workflow_id(""): "customer",
    order_workflow_id(""): "order",
}
"""What the id behind each prefix of a workflow's id names."""
_CONTEXT = {
    "temporal_workflow": {"workflow_id": "workflow"},
    "temporal_activity": {"activity_type": "activity", "attempt": "attempt", "workflow_id": "workflow"},
}
"""What is shown of the context that the SDK gives a line of a workflow or an activity, and under which name."""


def start(settings: Settings, stream: TextIO | None = None) -> None:
    """Log to the stream, else to stderr: as asked, or else as text to a terminal and as JSON to anything else.

    Libraries log warnings only. Whatever logs further from now on ends up there.
    """
    stream = stream or sys.stderr
    shape = settings.log_format or (LogFormat.TEXT if stream.isatty() else LogFormat.JSON)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines(_SHAPES[shape]))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in (*OURS, activity.logger.logger.name, workflow.logger.logger.name):
        logging.getLogger(name).setLevel(settings.log_level.upper())
    logging.captureWarnings(True)
    # The same facts would stand in the message and beside it.
    activity.logger.activity_info_on_message = False
    workflow.logger.workflow_info_on_message = False


def say_started(client: Client, settings: Settings) -> None:
    """Log what works where from now on: versions, and places without user and password."""
    facts = {
        "server": client.service_client.config.target_host,
        "namespace": client.namespace,
        "queue": settings.task_queue,
        "database": settings.books_place,
        "build": build_of(settings),
        "deployment": settings.deployment or "",
        "python": platform.python_version(),
        "temporalio": version("temporalio"),
        "process": os.getpid(),
    }
    _log.info("worker started", extra={FACTS: facts})


class _Lines(logging.Formatter):
    def __init__(self, shape: Callable[[dict[str, Any]], str]) -> None:
        super().__init__()
        self._shape = shape

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever the record has."""
        return self._shape(content_of(record))


def content_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a line says, in its order: when, how grave, what, and the facts that are known of it.

    An error that was expected has one line, and no traceback: a caller's mistake, a database that is away, a worker
    that stops.
    """
    error = record.exc_info[1] if record.exc_info else None
    message = record.getMessage()
    content: dict[str, Any] = {
        "at": format_instant(datetime.fromtimestamp(record.created, UTC)),
        "level": record.levelname.lower(),
        "message": "attempt failed" if message == FAILED else message,
        **_context(record),
        **getattr(record, FACTS, {}),
    }
    if isinstance(error, asyncio.CancelledError):
        content["error"] = CANCELLED
    elif isinstance(error, FailureError):
        content["error"] = f"{getattr(error, 'type', None) or type(error).__name__}: {error.message}"
    elif error is not None:
        content["error"] = f"{type(error).__name__}: {error}"
        content["traceback"] = "".join(traceback.format_exception(error))
    content["logger"] = record.name
    return content


def _context(record: logging.LogRecord) -> dict[str, Any]:
    """The facts that the SDK knows of the activity or workflow that logs."""
    found: dict[str, Any] = {}
    for context, names in _CONTEXT.items():
        given = getattr(record, context, None) or {}
        found |= {ours: given[theirs] for theirs, ours in names.items() if given.get(theirs) is not None}
    workflow_id = str(found.get("workflow", ""))
    named = {noun: workflow_id.removeprefix(each) for each, noun in _NAMED_BY.items() if workflow_id.startswith(each)}
    return {**named, **found}


def _as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, default=str)


def _as_text(content: dict[str, Any]) -> str:
    """`22:50:01 WARNING what happened  name=value ...`, with a traceback on lines of its own."""
    trace = content.pop("traceback", "")
    at, level, message = content.pop("at"), content.pop("level").upper(), content.pop("message")
    content.pop("logger")
    facts = " ".join(f"{name}={_quoted(str(value))}" for name, value in content.items())
    line = _printable(f"{at[:19]}Z {level:<7} {message}" + (f"  {facts}" if facts else ""))
    return "\n".join([line, *(f"    {_printable(each)}" for each in trace.splitlines())])


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if not value or " " in value else value


def _printable(text: str) -> str:
    """The text without what moves the cursor or begins another line: callers choose some of it."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


_SHAPES = {LogFormat.JSON: _as_json, LogFormat.TEXT: _as_text}
