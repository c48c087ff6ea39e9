"""The Nexus service `subscriptions`, called by workflows of another service on a task queue of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.operatorservice.v1 import ListNexusEndpointsRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from hosting.assembly import World
from hosting.embedded.server import EmbeddedServer
from hosting.nexus.endpoint import prepare_endpoint
from hosting.preparation import NEXUS_ENDPOINT
from tests.support.live.nexus_caller import Call, Caller, Came
from tests.support.live.purchases import Buy, order
from tests.support.live.worker_process import MortalWorker
from tests.support.paths import ROOT
from tests.support.shop.offers import offer
from workflows.durable.workflow_ids import subscription_workflow_id
from workflows.subscription.client import Subscriptions

QUEUE = "elsewhere"

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

Calls = Callable[..., Coroutine[Any, Any, Came]]


@pytest.fixture(scope="module")
async def elsewhere(server: EmbeddedServer, world: World) -> AsyncIterator[Client]:
    """A client and worker that have none of our code, and the endpoint by which they call ours."""
    await prepare_endpoint(world.server.client, NEXUS_ENDPOINT, "perennial")
    client = await Client.connect(server.address)
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=QUEUE, workflows=[Caller], workflow_runner=runner):
        yield client


async def begun(client: Client, call: Call) -> WorkflowHandle[Caller, Came]:
    """The caller, on its way."""
    return await client.start_workflow(Caller.run, call, id=f"call-{uuid4()}", task_queue=QUEUE)


@pytest.fixture
def call(elsewhere: Client) -> Calls:
    """Call an operation, and what came of it."""

    async def called(operation: str, request: Any, **options: Any) -> Came:
        return await (await begun(elsewhere, Call(NEXUS_ENDPOINT, operation, request, **options))).result()

    return called


async def test_cancelled_by_a_workflow_elsewhere(world: World, buy: Buy, call: Calls) -> None:
    """CXL-2, ROL-4: it is asked by a service, whose actor is on record."""
    bought = await buy()
    came = await call(
        "cancel", {"subscription_id": bought.id, "reason": "customer_request", "actor": "account-closing"}
    )
    assert came.answer is not None
    assert came.answer["outcome"] == "cancelled_with_credit"
    assert came.answer["credit"] == {"amount": "30.00", "currency": "USD"}
    await world.server.subscriptions.handle(bought.id).result()
    last = (await world.books.subscriptions.events(bought.id))[-1]
    assert (last.event.value, last.by, last.actor) == ("cancelled", "service", "account-closing")


async def test_suspended_shown_and_reactivated(buy: Buy, call: Calls) -> None:
    """SUS-1, SUS-5. Who does not say who it is, is the `nexus-caller`."""
    bought = await buy()
    suspended = await call("suspend", {"subscription_id": bought.id, "reason": "nonpayment"})
    assert suspended.answer is not None
    assert suspended.answer["outcome"] == "done"
    shown = await call("details", {"subscription_id": bought.id})
    assert shown.answer is not None
    assert (shown.answer["state"], shown.answer["holds"][0]["by"]) == ("suspended", "service")
    back = await call("reactivate", {"subscription_id": bought.id})
    assert back.answer is not None
    assert back.answer["outcome"] == "done"


async def test_a_rules_refusal_is_an_answer(buy: Buy, call: Calls) -> None:
    bought = await buy()
    came = await call("reactivate", {"subscription_id": bought.id})
    assert came.answer is not None
    assert came.answer["outcome"] == "refused"
    assert came.answer["rule"]


MALFORMED: list[tuple[str, Any, str]] = [
    ("cancel", {}, "Malformed request: subscription_id: got nothing; takes a value"),
    ("cancel", {"subscription_id": "?"}, "subscription_id: got '?'; takes 1 to 64 letters"),
    ("cancel", {"reason": "boredom"}, "reason: got 'boredom'; takes one of customer_request"),
    ("cancel", {"reason": "fraud", "by": "global_admin"}, "by: got 'global_admin'; takes no such field"),
    ("cancel", {"reason": "fraud", "command_id": "x" * 65}, "command_id: got 'xxx"),
    ("cancel", {"reason": "fraud", "at": "2027-01-31T10:00:00"}, "takes an instant with its offset"),
    ("cancel", {"reason": "fraud", "at": "2020-01-01T00:00:00Z"}, "not be before the last event"),
    ("cancel", "now", "Malformed request: "),
    ("cancel", None, "Malformed request: (the whole): got nothing; takes a mapping of fields"),
    ("suspend", {"reason": "fraud", "details": "x" * 2000}, "details: got 'xxx"),
    ("reactivate", {"reason": 5}, "reason: got 5; takes one of"),
    ("details", {"life": True}, "life: got True; takes no such field"),
]


@pytest.mark.parametrize(("operation", "request_", "words"), MALFORMED)
async def test_what_is_malformed_is_a_bad_request_in_our_words_and_leaves_no_trace(
    world: World, buy: Buy, call: Calls, operation: str, request_: Any, words: str
) -> None:
    bought = await buy()
    before, length = (
        await world.server.subscriptions.life(bought.id),
        (await world.server.subscriptions.handle(bought.id).describe()).history_length,
    )
    request = {"subscription_id": bought.id, **request_} if isinstance(request_, dict) and request_ else request_
    came = await call(operation, request)
    assert (came.answer, came.error) == (None, "BAD_REQUEST")
    assert words in came.words
    assert "\n" not in came.words
    assert await world.server.subscriptions.life(bought.id) == before
    assert (await world.server.subscriptions.handle(bought.id).describe()).history_length == length


@pytest.mark.parametrize("operation", ["cancel", "suspend", "reactivate", "details"])
async def test_who_is_not_there_is_not_found(call: Calls, operation: str) -> None:
    fields = {"reason": "fraud"} if operation in {"cancel", "suspend"} else {}
    came = await call(operation, {"subscription_id": "nobody", **fields})
    assert (came.error, came.words.partition(".")[0]) == (
        "NOT_FOUND",
        "There is no subscription nobody on this server",
    )


async def test_an_operation_that_there_is_none_of(call: Calls) -> None:
    assert (await call("purge", {"subscription_id": "x"})).error in {"NOT_FOUND", "NOT_IMPLEMENTED"}


async def test_an_ended_subscription_refuses_by_its_rule_and_is_shown(world: World, buy: Buy, call: Calls) -> None:
    """LIF-1: the workflow is closed and takes no update; its answer is the same as just before."""
    bought = await buy()
    request = {"subscription_id": bought.id, "reason": "customer_request", "command_id": "closing-1"}
    first = await call("cancel", request)
    await world.server.subscriptions.handle(bought.id).result()
    assert (await call("cancel", request)).answer == first.answer
    other = await call("cancel", {**request, "command_id": "closing-2"})
    assert other.answer is not None
    assert (other.answer["outcome"], other.answer["rule"]) == ("refused", "LIF-1")
    reused = await call("suspend", {**request, "reason": "fraud"})
    assert (reused.error, "was used for another command" in reused.words) == ("BAD_REQUEST", True)
    shown = await call("details", {"subscription_id": bought.id})
    assert shown.answer is not None
    assert shown.answer["state"] == "cancelled"


async def test_a_doubled_request_id_has_one_effect(world: World, buy: Buy, server: EmbeddedServer, call: Calls) -> None:
    """By HTTP a caller sends the request id itself: the same one again is the same operation."""
    bought = await buy()
    listed = await world.server.client.operator_service.list_nexus_endpoints(
        ListNexusEndpointsRequest(name=NEXUS_ENDPOINT)
    )
    address = f"{server.endpoints.http_address}/nexus/endpoints/{listed.endpoints[0].id}/services/subscriptions/suspend"
    request_id, body = str(uuid4()), {"subscription_id": bought.id, "reason": "fraud"}
    async with httpx2.AsyncClient() as http:
        answers = [await http.post(address, json=body, headers={"Nexus-Request-Id": request_id}) for _ in range(2)]
        other = await http.post(
            address, json={**body, "reason": "nonpayment"}, headers={"Nexus-Request-Id": request_id}
        )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert other.status_code == 400
    assert "was used for another command" in other.text
    await world.server.subscriptions.settled(bought.id)
    assert [event.event.value for event in await world.books.subscriptions.events(bought.id)] == [
        "purchased",
        "suspended",
    ]


async def test_a_worker_that_is_killed_in_between_has_one_effect(
    server: EmbeddedServer, elsewhere: Client, world: World, tmp_path: Path
) -> None:
    """The server tries the operation again, with the same request id."""
    queue = "mortal-nexus"
    await prepare_endpoint(world.server.client, queue, queue)
    subscriptions = Subscriptions(world.server.client, queue)
    wanted = order(at=datetime.now(UTC))
    worker = MortalWorker(server.address, tmp_path, queue)
    try:
        handle = await subscriptions.buy(wanted)
        await subscriptions.settled(wanted.subscription_id)
        request = {"subscription_id": wanted.subscription_id, "reason": "fraud"}
        caller = await begun(elsewhere, Call(queue, "suspend", request, seconds=120))
        accepted = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
        while not [event async for event in handle.fetch_history_events() if event.event_type == accepted]:
            await asyncio.sleep(0.001)
        worker.kill()
        came = await asyncio.wait_for(caller.result(), 120)
        life = await subscriptions.settled(wanted.subscription_id)
    finally:
        worker.stop()
    assert came.answer is not None
    assert came.answer["outcome"] == "done"
    assert [event.event.value for event in life.recent] == ["purchased", "suspended"]


async def test_where_no_worker_answers_it_is_tried_again_until_the_caller_gives_up(world: World, call: Calls) -> None:
    """The subscription's own worker is away; its Nexus service is not."""
    wanted = order(at=datetime.now(UTC))
    await Subscriptions(world.server.client, "nobody-works-here").buy(wanted)
    came = await call("suspend", {"subscription_id": wanted.subscription_id, "reason": "fraud"}, seconds=12)
    assert came.error == "TIMEOUT"
    await world.server.client.get_workflow_handle(subscription_workflow_id(wanted.subscription_id)).terminate()


async def test_the_example_cancels_what_it_may_and_says_why_not(
    world: World, server: EmbeddedServer, elsewhere: Client, buy: Buy
) -> None:
    """CXL-1: only an ISV's offer can be cancelled."""
    good, kept = await buy(), await buy(order(offer(publisher="microsoft")))
    script = ROOT / "examples" / "nexus_caller" / "close_account.py"
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(script), good.id, kept.id, "nobody"],
        env={**os.environ, "TEMPORAL_ADDRESS": server.address, "PERENNIAL_ENDPOINT": NEXUS_ENDPOINT},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    first, second, third = ran.stdout.splitlines()
    assert first.startswith(f"{good.id}: cancelled_with_credit, effective ")
    assert first.endswith(", USD 30.00 come back")
    assert second.startswith(f"{kept.id}: refused by CXL-1: ")
    assert third.startswith("nobody: not asked: NOT_FOUND: There is no subscription nobody")
