"""The recorded histories, and which workflow each is of."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

from temporalio.client import WorkflowHistory

from hosting.assembly import WORKFLOWS

HISTORIES = Path(__file__).parent / "histories"
SUFFIX = ".json.gz"


def recordings_in(directory: Path = HISTORIES) -> list[Path]:
    """All recordings, `NAME.RUN.json.gz`, by name."""
    return sorted(directory.glob(f"*{SUFFIX}"))


def name_of(path: Path) -> str:
    """The recording's name with its run: `order.mixed.02`."""
    return path.name.removesuffix(SUFFIX)


def history_of(path: Path) -> WorkflowHistory:
    """The history, under the workflow id that its first event names."""
    text = gzip.decompress(path.read_bytes()).decode()
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)


def type_of(history: WorkflowHistory) -> str:
    """The workflow type that the history's first event names."""
    return history.events[0].workflow_execution_started_event_attributes.workflow_type.name


def workflow_of(history: WorkflowHistory, workflows: Iterable[type] = WORKFLOWS) -> type:
    """The class that runs it. Raises KeyError for a type that the worker does not run."""
    return {workflow.__name__: workflow for workflow in workflows}[type_of(history)]
