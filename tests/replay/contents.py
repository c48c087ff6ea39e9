"""What a workflow's command says, and what the event that it left says, in the same words.

Each field of a command is either named in COMPARED, with the event's field, or in NOT_COMPARED, with the reason.
A command without an entry is an error: teach it here before a workflow gives it.
"""

import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from temporalio.api.common.v1 import Header, Payload, Payloads
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue

_TIMEOUTS = {
    name: name
    for name in (
        "schedule_to_close_timeout",
        "schedule_to_start_timeout",
        "start_to_close_timeout",
        "heartbeat_timeout",
    )
}

COMPARED: Mapping[str, Mapping[str, str]] = {
    "schedule_activity": {
        "activity_type": "activity_type.name",
        "arguments": "input",
        "activity_id": "activity_id",
        "task_queue": "task_queue",
        "headers": "header",
        "retry_policy": "retry_policy",
        "priority": "priority",
        **_TIMEOUTS,
    },
    "request_cancel_activity": {},
    "start_timer": {"seq": "timer_id", "start_to_fire_timeout": "start_to_fire_timeout"},
    "cancel_timer": {"seq": "timer_id"},
    "upsert_workflow_search_attributes": {"search_attributes.indexed_fields": "search_attributes.indexed_fields"},
    "modify_workflow_properties": {"upserted_memo.fields": "upserted_memo.fields"},
    "continue_as_new_workflow_execution": {
        "workflow_type": "workflow_type.name",
        "arguments": "input",
        "task_queue": "task_queue",
        "headers": "header",
        "backoff_start_interval": "backoff_start_interval",
        "initial_versioning_behavior": "initial_versioning_behavior",
    },
    "complete_workflow_execution": {"result": "result"},
    "fail_workflow_execution": {"failure": "failure"},
    "cancel_workflow_execution": {"details": "details"},
    "start_child_workflow_execution": {
        "workflow_type": "workflow_type.name",
        "workflow_id": "workflow_id",
        "input": "input",
        "task_queue": "task_queue",
        "headers": "header",
        "memo": "memo.fields",
        "search_attributes.indexed_fields": "search_attributes.indexed_fields",
        "parent_close_policy": "parent_close_policy",
        "workflow_id_reuse_policy": "workflow_id_reuse_policy",
        "retry_policy": "retry_policy",
        "cron_schedule": "cron_schedule",
    },
    "signal_external_workflow_execution": {
        "workflow_execution.workflow_id": "workflow_execution.workflow_id",
        "signal_name": "signal_name",
        "args": "input",
        "headers": "header",
    },
    "request_cancel_external_workflow_execution": {
        "workflow_execution.workflow_id": "workflow_execution.workflow_id",
        "reason": "reason",
    },
    "set_patch_marker": {},
    "accept_update": {"protocol_instance_id": "protocol_instance_id"},
    "complete_update": {"completed": "outcome.success", "rejected": "outcome.failure"},
}
"""By the command's name: each of its fields that is compared, and the event's field with the same content."""

ONE_IN_A_LIST = {"completed", "result"}
"""Fields of one payload, of which the event holds a list."""

NOT_COMPARED: Mapping[str, str] = {
    "seq": "the SDK's own number; where it becomes an id of the event (timers, activities), the id is compared",
    "cancellation_type": "decides what the SDK does when something is cancelled; the server never gets it",
    "do_not_eagerly_execute": "where an activity runs first, which no result depends on",
    "versioning_intent": "the SDK turns it into other fields before it is sent",
    "workflow_run_timeout": "where it is unset, the server writes the run's own into the event",
    "workflow_task_timeout": "where it is unset, the server writes the run's own into the event",
    "workflow_execution_timeout": "where it is unset, the server writes the run's own into the event",
    "memo": "of continue-as-new: where it is unset, the server carries over the run's own",
    "search_attributes": "of continue-as-new: where they are unset, the server carries over the run's own",
    "namespace": "a workflow of ours starts others only in its own namespace",
    "patch_id": "of a patch: the SDK itself compares it with the marker",
    "deprecated": "of a patch: the SDK itself compares it with the marker",
    "priority": "of a child: not used",
    "versioning_override": "of a child: not used",
    "child_workflow_id": "of a signal to a child: the id is in the start of the child",
    "workflow_execution.namespace": "a workflow of ours signals others only in its own namespace",
    "workflow_execution.run_id": "random: the server gives it",
    "stack_trace": "of a failure: it names lines of code, which move; so do `source` and what encodes them",
    "user_metadata": "the summary of a timer or an activity is for people; its text may change",
    "retry_policy": "of continue-as-new: the server does not write it into the event",
}
"""Fields that differ between two right runs, or that no event holds, and why each is left out."""

EVENTS: Mapping[str, EventType.ValueType] = {
    "schedule_activity": EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    "request_cancel_activity": EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED,
    "start_timer": EventType.EVENT_TYPE_TIMER_STARTED,
    "cancel_timer": EventType.EVENT_TYPE_TIMER_CANCELED,
    "upsert_workflow_search_attributes": EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    "modify_workflow_properties": EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED,
    "continue_as_new_workflow_execution": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
    "complete_workflow_execution": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
    "fail_workflow_execution": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    "cancel_workflow_execution": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED,
    "start_child_workflow_execution": EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
    "signal_external_workflow_execution": EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
    "request_cancel_external_workflow_execution": (
        EventType.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED
    ),
    "set_patch_marker": EventType.EVENT_TYPE_MARKER_RECORDED,
    "accept_update": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    "complete_update": EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
}
"""The commands that are known here, and the event that each leaves."""


def content_of_command(name: str, command: Message) -> dict[str, object]:
    """What the command says, by field; empty fields are left out. Raises KeyError for an unknown command."""
    content = {field: _plain(_get(command, field)) for field in COMPARED[name]}
    for field in ONE_IN_A_LIST & content.keys():
        content[field] = None if content[field] is None else [content[field]]
    return _given(content)


def content_of_event(name: str, event: HistoryEvent) -> dict[str, object]:
    """What the event says, under the names of the command's fields; empty fields are left out."""
    attributes = getattr(event, str(event.WhichOneof("attributes")))
    return _given({field: _plain(_get(attributes, source)) for field, source in COMPARED[name].items()})


def _given(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value not in (None, "", 0, [], {})}


def _get(message: Message, path: str) -> Any:
    value: Any = message
    for name in path.split("."):
        value = getattr(value, name)
    return str(value) if path == "seq" else value


def _plain(value: Any) -> object:
    """The value as JSON would hold it, so that a difference can be named by its path."""
    match value:
        case Payload():
            if value.metadata.get("encoding", b"").startswith(b"json/"):
                return json.loads(value.data)
            return value.data.hex() or None
        case Payloads():
            return [_plain(payload) for payload in value.payloads]
        case Failure():
            told = value.application_failure_info
            details = {"type": told.type, "non_retryable": told.non_retryable, "details": _plain(told.details)}
            cause = _plain(value.cause) if value.HasField("cause") else None
            return _given({"message": value.message, **details, "cause": cause})
        case Header():
            return _plain(value.fields)
        case Duration():
            return value.ToJsonString() if value.ToNanoseconds() else None
        case TaskQueue():
            return value.name
        case Message():
            return _given({field.name: _plain(content) for field, content in value.ListFields()})
        case Mapping():
            return {key: _plain(value[key]) for key in sorted(value)}
        case str() | int() | float() | bool():
            return value
        case _:
            return [_plain(each) for each in value]
