"""Whatever anyone starts, by a bare client, ends in one line as FAILED, or runs: nothing keeps an id for nothing."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from hosting.assembly import WORKFLOWS, World
from tests.support.instants import DAY
from tests.support.live.purchases import Buy, order
from tests.support.live.raw_payloads import BAD_ARGUMENTS, raw

pytestmark = [
    pytest.mark.live,
    pytest.mark.timeout(180),
    # The SDK leaves the coroutine of `run` unawaited where the workflow object cannot be made.
    pytest.mark.filterwarnings("ignore:coroutine .*run_workflow. was never awaited"),
]

TYPES = [*(cls.__name__ for cls in WORKFLOWS), "NoSuchWorkflow"]
STARTED = "raw"


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


@pytest.mark.parametrize("days", [-1, 91])
async def test_buy_6_a_bare_start_begins_at_an_instant_that_an_order_takes(world: World, days: int) -> None:
    subscription_id = f"begins-{abs(days)}"
    wanted = order(subscription_id=subscription_id, at=datetime.now(UTC))
    purchase = {"order": wanted.model_dump(mode="json") | {"begins_at": (wanted.at + days * DAY).isoformat()}}
    handle = await world.server.client.start_workflow(
        "SubscriptionWorkflow", purchase, id=f"subscription:{subscription_id}", task_queue="perennial"
    )
    said = await end_of(handle)
    assert said.startswith("Malformed request: ")
    assert "begins_at" in said
    assert "90 days ahead at most" in said
    assert await world.books.subscriptions.events(subscription_id) == []
