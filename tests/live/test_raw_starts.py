"""Whatever anyone starts, by a bare client, ends in one line as FAILED, or runs: nothing keeps an id for nothing."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from hosting.assembly import WORKFLOWS, World
from tests.support.live.purchases import Buy

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(180),
    # The SDK leaves the coroutine of `run` unawaited where the workflow object cannot be made.
    pytest.mark.filterwarnings("ignore:coroutine .*run_workflow. was never awaited"),
]

TYPES = [*(cls.__name__ for cls in WORKFLOWS), "NoSuchWorkflow"]
JSON = b"json/plain"
STARTED = "raw"


def raw(data: bytes, encoding: bytes = JSON, **metadata: bytes) -> RawValue:
    return RawValue(Payload(metadata={"encoding": encoding, **metadata}, data=data))


def as_json(value: object) -> RawValue:
    return raw(json.dumps(value).encode())


BAD_ARGUMENTS: list[tuple[str, list[RawValue]]] = [
    ("none", []),
    ("two", [as_json({}), as_json({})]),
    ("two of which one is unreadable", [as_json({}), raw(b"?", b"binary/unheard-of")]),
    ("null", [as_json(None)]),
    ("a number", [as_json(5)]),
    ("a list", [as_json([])]),
    ("text", [as_json("now")]),
    ("an empty mapping", [as_json({})]),
    ("an unknown field", [as_json({"life": 1})]),
    ("a state that is none", [as_json({"life": {"subscription": {}}, "periods_per_run": 3, "progress": {}})]),
    ("the words of a state in a text", [as_json({"by": '"life" "progress"'})]),
    ("half of JSON", [raw(b'{"order": ')]),
    ("nothing at all", [raw(b"")]),
    ("not UTF-8", [raw(b'{"order": "\xff\xfe"}')]),
    ("NUL", [raw(b"\0\0\0")]),
    ("NaN", [raw(b'{"order": NaN}')]),
    ("a number beyond all", [raw(b'{"order": 1e999}')]),
    ("20,000 lists", [raw(b"[" * 20_000 + b"]" * 20_000)]),
    ("an unknown encoding", [raw(b"{}", b"binary/unheard-of")]),
    ("no encoding", [RawValue(Payload(data=b"{}"))]),
    ("encrypted", [raw(b"\x93\x12", b"binary/encrypted")]),
    ("binary null", [raw(b"", b"binary/null")]),
    ("binary null with bytes", [raw(b"x", b"binary/null")]),
    ("bytes", [raw(b"x", b"binary/plain")]),
    ("protobuf", [raw(b"\xff", b"binary/protobuf", messageType=b"temporal.api.common.v1.Payload")]),
    ("protobuf of no type", [raw(b"\xff", b"binary/protobuf", messageType=b"no.Such")]),
    ("protobuf in JSON", [raw(b"{}", b"json/protobuf", messageType=b"\xff")]),
    ("150,000 unknown fields", [as_json({f"{number}": 1 for number in range(150_000)})]),
    ("a text of 1.9 MB", [as_json({"order": "x" * 1_900_000})]),
]


def every_start() -> Iterator[tuple[str, str, list[RawValue]]]:
    for kind in TYPES:
        for name, args in BAD_ARGUMENTS:
            yield f"{kind} with {name}", kind, args


async def end_of(handle: WorkflowHandle[Any, Any]) -> str:
    """The one line with which it failed, or what it did instead."""
    try:
        async with asyncio.timeout(60):
            await handle.result()
    except WorkflowFailureError as error:
        if isinstance(error.cause, ApplicationError) and "\n" not in error.cause.message:
            return error.cause.message
        return f"failed by {error.cause!r}"
    except TimeoutError:
        return "runs for ever"
    return "ended well"


async def test_every_malformed_start_fails_in_one_line(world: World, buy: Buy) -> None:
    client = await Client.connect(world.server.client.service_client.config.target_host)
    starts = list(every_start())
    wrong: dict[str, str] = {}
    for at_once in range(0, len(starts), 12):
        some = starts[at_once : at_once + 12]
        handles = [
            await client.start_workflow(kind, args=args, id=f"{STARTED}-{at_once + number}", task_queue="perennial")
            for number, (_, kind, args) in enumerate(some)
        ]
        for (name, _, _), said in zip(some, await asyncio.gather(*map(end_of, handles)), strict=True):
            if not said.startswith("Malformed request: "):
                wrong[name] = said
    assert wrong == {}
    bought = await buy()
    assert (await world.server.subscriptions.details(bought.id)).state.value == "active"


async def test_a_state_is_taken_from_the_workflows_own_previous_run_alone(world: World, buy: Buy) -> None:
    """A forged life of an id that nobody bought must not be renewed, charged or shown."""
    bought = await buy()
    life = (await world.server.subscriptions.life(bought.id)).model_dump_json()
    forged = life.replace(bought.id, "forged").encode()
    state = raw(b'{"life": ' + forged + b', "periods_per_run": 3}')
    handle = await world.server.client.start_workflow(
        "SubscriptionWorkflow", args=[state], id="subscription:forged", task_queue="perennial"
    )
    assert (await end_of(handle)).startswith("Malformed request: ")
    assert (await handle.describe()).status is WorkflowExecutionStatus.FAILED
    assert await world.books.subscriptions.events("forged") == []
