"""What arrives by HTTP and by the `temporal` command, however wrong, is answered or counted, and wedges nothing."""

import asyncio
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError

from domain.subscription.commands import Cancel, ChangeQuantity, SetAutoRenew
from domain.subscription.decision import Outcome
from domain.subscription.holds import Reason
from hosting.assembly import World
from hosting.embedded.server import EmbeddedServer
from statemachines.subscription.life import Life
from tests.support.live.payers import Payer, payment
from tests.support.live.purchases import Buy

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

RAW = {"Content-Type": "application/json+no-payload-shorthand"}
"""Payloads as they are, with metadata of the sender's own."""
GOOD = {"by": "service", "actor": "fraud-detection", "reason": "fraud"}
SENT = 10_000


class Api:
    """The server's HTTP API, for bodies of any kind."""

    def __init__(self, http: httpx2.AsyncClient, address: str) -> None:
        self._http = http
        self._workflows = f"{address}/api/v1/namespaces/default/workflows"

    async def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> httpx2.Response:
        """The bytes, as they are."""
        return await self._http.post(f"{self._workflows}/{path}", content=body, headers=headers or {})

    async def update(self, workflow_id: str, name: str, args: Any, headers: dict[str, str] | None = None) -> str:
        """Ask, and all that comes back."""
        body = {
            "request": {"meta": {}, "input": {"args": args}},
            "waitPolicy": {"lifecycleStage": "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED"},
        }
        return (await self.post(f"{workflow_id}/update/{name}", json.dumps(body).encode(), headers)).text

    async def signal(self, workflow_id: str, name: str, args: Any, headers: dict[str, str] | None = None) -> int:
        """Tell, and the status."""
        body = json.dumps({"input": args}).encode()
        return (await self.post(f"{workflow_id}/signal/{name}", body, headers)).status_code


@pytest.fixture
async def api(server: EmbeddedServer) -> Any:
    """The HTTP API of the server."""
    async with httpx2.AsyncClient(timeout=60) as http:
        yield Api(http, server.endpoints.http_address)


@pytest.fixture
def cli(server: EmbeddedServer) -> Any:
    """The `temporal` command on the server: its exit code and all that it says."""

    async def run(*words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "temporal"),
            "workflow",
            *words,
            env={**os.environ, "TEMPORAL_ADDRESS": server.address},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode()

    return run


async def still_lives(world: World, subscription_id: str, before: Life, *, refused: int = 0) -> None:
    """It is what it was but for the refusals that were counted; then it takes an update, and the books are written."""
    seen = await world.server.subscriptions.details(subscription_id)
    life = await world.server.subscriptions.life(subscription_id)
    assert seen.refused_signal_count - before.refused_signal_count == refused
    assert life.model_copy(update={"refused_signals": (), "refused_signal_count": 0}) == before.model_copy(
        update={"refused_signals": (), "refused_signal_count": 0}
    )
    quantity = life.subscription.quantity + 1
    done = await world.server.subscriptions.ask(subscription_id, ChangeQuantity(by="admin_agent", quantity=quantity))
    assert done.outcome is Outcome.DONE
    handle = world.server.subscriptions.handle(subscription_id)
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING


def nested(levels: int) -> str:
    """Lists in lists."""
    return "[" * levels + "]" * levels


BODIES: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("not JSON", b"cancel it, please"),
    ("NUL bytes", b"\0" * 100),
    ("a list", b"[]"),
    ("a number", b"1e999"),
    ("text", b'"now"'),
    ("XML", b"<cancel reason='fraud'/>"),
    ("a request that is text", b'{"request": "now", "input": "now"}'),
    ("no input", b'{"request": {"meta": {}}}'),
    ("fields that the API has not", b'{"reason": "fraud"}'),
    ("another workflow's id", b'{"workflowExecution": {"workflowId": "subscription:other"}}'),
]
ARGUMENTS: list[tuple[str, bytes]] = [
    ("half of JSON", b'[{"by": "serv'),
    ("not UTF-8", b'["\xff\xfe"]'),
    ("text", b'"now"'),
    ("a mapping", b'{"by": "service"}'),
    ("none", b"[]"),
    ("the same field twice", b'[{"by": "service", "reason": "fraud", "reason": "boredom"}]'),
    ("a number beyond all", b'[{"by": "service", "reason": 1e999}]'),
    ("no number", b'[{"by": "service", "reason": NaN}]'),
    ("a whole number of 400 digits", json.dumps([{**GOOD, "at": 10**400}]).encode()),
    ("half a surrogate pair", json.dumps([{**GOOD, "details": "\ud800"}]).encode()),
    ("lists 20,000 deep", nested(20_000).encode()),
    ("lists 500 deep", nested(500).encode()),
    ("3 MB", json.dumps([{**GOOD, "details": "x" * 3_000_000}]).encode()),
    ("1 MB", json.dumps([{**GOOD, "details": "x" * 1_000_000}]).encode()),
]
WAIT = b'"waitPolicy": {"lifecycleStage": "UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED"}'
EVERY_UPDATE = BODIES + [
    (f"arguments: {name}", b'{"request": {"meta": {}, "input": {"args": ' + args + b"}}, " + WAIT + b"}")
    for name, args in ARGUMENTS
]
EVERY_SIGNAL = BODIES + [(f"arguments: {name}", b'{"input": ' + args + b"}") for name, args in ARGUMENTS]


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in EVERY_UPDATE])
async def test_an_update_over_http_with_any_body_is_answered_with_words(
    world: World, buy: Buy, api: Api, body: bytes
) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    answer = await api.post(f"subscription:{bought.id}/update/cancel", body)
    assert answer.status_code >= 400 or "failure" in answer.json()["outcome"], answer.text
    assert len(answer.text) > 20
    assert "Traceback" not in answer.text
    await still_lives(world, bought.id, before)


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in EVERY_SIGNAL])
async def test_a_signal_over_http_with_any_body_is_refused_or_counted(
    world: World, buy: Buy, api: Api, body: bytes
) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    answer = await api.post(f"subscription:{bought.id}/signal/suspension_requested", body)
    seen = await world.server.subscriptions.details(bought.id)
    came = seen.refused_signal_count
    assert came == (1 if answer.status_code == 200 else 0), answer.text
    await still_lives(world, bought.id, before, refused=came)


REQUESTS: list[tuple[str, list[Any], str]] = [
    ("a field of another type", [{**GOOD, "reason": 5}], "reason: got 5; takes one of"),
    ("a missing field", [{"by": "service"}], "reason: got nothing; takes a value"),
    ("an unknown field", [{**GOOD, "amount": "1.00"}], "amount: got '1.00'; takes no such field"),
    ("two requests", [GOOD, GOOD], "it got 2 arguments"),
    ("a hundred requests", [GOOD] * 100, "it got 100 arguments"),
    ("a request in a list", [[GOOD]], "takes a mapping"),
    ("null", [None], "it got NoneType"),
    ("NUL in text", [{**GOOD, "details": "a\0b"}], "takes text without NUL characters"),
    ("10,000 fields", [{**GOOD, **{f"f{n}": n for n in range(10_000)}}], "bytes; takes at most 8192"),
    ("mappings 100 deep", [{**GOOD, "details": json.loads('{"a":' * 100 + "1" + "}" * 100)}], "details: got"),
    ("an id of another's words", [{**GOOD, "command_id": "'; DROP TABLE journal; --"}], "takes 1 to 64 letters"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "words"), [pytest.param(*row, id=name) for name, *row in REQUESTS])
async def test_a_wrong_request_over_http_is_refused_by_name_and_a_wrong_signal_counted(
    world: World, buy: Buy, api: Api, args: list[Any], words: str
) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    said = await api.update(f"subscription:{bought.id}", "suspend", args)
    assert words in json.loads(said)["outcome"]["failure"]["message"], said
    assert await api.signal(f"subscription:{bought.id}", "suspension_requested", args) == 200
    await still_lives(world, bought.id, before, refused=1)


def payload(encoding: bytes, data: bytes) -> dict[str, Any]:
    """A payload as it travels, with that encoding."""
    return {
        "metadata": {"encoding": base64.b64encode(encoding).decode()},
        "data": base64.b64encode(data).decode(),
    }


GOOD_JSON = json.dumps(GOOD).encode()
PAYLOADS: list[tuple[str, dict[str, Any]]] = [
    ("an encoding that nobody knows", payload(b"json/yaml", GOOD_JSON)),
    ("an encrypted one", payload(b"binary/encrypted", GOOD_JSON)),
    ("an encoding that is no text", payload(b"\xff\xfe", GOOD_JSON)),
    ("no encoding", {"data": base64.b64encode(GOOD_JSON).decode()}),
    ("bytes", payload(b"binary/plain", GOOD_JSON)),
    ("null", payload(b"binary/null", b"")),
    ("protobuf of no type", payload(b"binary/protobuf", GOOD_JSON)),
    ("protobuf of a type that there is not", {**payload(b"json/protobuf", GOOD_JSON), "metadata": {
        "encoding": base64.b64encode(b"json/protobuf").decode(), "messageType": base64.b64encode(b"no.Such").decode(),
    }}),
    ("JSON that is none", payload(b"json/plain", b"\xff\x00{")),
    ("lists 5,000 deep", payload(b"json/plain", nested(5000).encode())),
    ("a mapping 5,000 deep", payload(b"json/plain", b'{"by":' * 5000 + b"1" + b"}" * 5000)),
    ("the state that runs hand on", payload(b"json/plain", b'{"life": {}, "periods_per_run": 1}')),
]  # fmt: skip


@pytest.mark.parametrize("sent", [pytest.param(sent, id=name) for name, sent in PAYLOADS])
async def test_a_payload_that_cannot_be_read_is_refused_as_an_update_and_counted_as_a_signal(
    world: World, buy: Buy, api: Api, sent: dict[str, Any]
) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    said = await api.update(f"subscription:{bought.id}", "suspend", {"payloads": [sent]}, RAW)
    message = json.loads(said)["outcome"]["failure"]["message"]
    assert message
    assert "\n" not in message
    status = await api.signal(f"subscription:{bought.id}", "suspension_requested", {"payloads": [sent]}, RAW)
    assert status == 200
    await still_lives(world, bought.id, before, refused=1)


@pytest.mark.parametrize("sent", [pytest.param(sent, id=name) for name, sent in PAYLOADS])
async def test_a_query_with_it_is_answered_with_an_error(
    world: World, buy: Buy, api: Api, sent: dict[str, Any]
) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    body = json.dumps({"query": {"queryArgs": {"payloads": [sent]}}}).encode()
    answer = await api.post(f"subscription:{bought.id}/query/preview", body, RAW)
    assert answer.status_code >= 400
    assert answer.json()["message"]
    await still_lives(world, bought.id, before)


async def test_names_that_there_are_none_of(world: World, buy: Buy, api: Api) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    names = ("no_such", "__temporal_no_such", "x" * 900, "%00", "..%2f..%2fcancel", "Suspend", "suspend%20")
    for name in names:
        said = await api.update(f"subscription:{bought.id}", name, [GOOD])
        assert "failure" in said or "message" in said, said
    counted = [name for name in names if await api.signal(f"subscription:{bought.id}", name, [GOOD]) == 200]
    await still_lives(world, bought.id, before, refused=len(counted))


@pytest.mark.parametrize("workflow_id", ["subscription:nobody", "nobody", "subscription:", "billing-account:nobody"])
async def test_a_workflow_that_is_not_there_is_not_found(api: Api, workflow_id: str) -> None:
    for kind, name in (("update", "cancel"), ("signal", "cancellation_requested"), ("query", "details")):
        answer = await api.post(f"{workflow_id}/{kind}/{name}", b"{}")
        assert answer.status_code in {400, 404}, answer.text
        assert answer.json()["message"]


async def test_a_closed_workflow_takes_nothing_and_still_shows_itself(
    world: World, buy: Buy, api: Api, cli: Any
) -> None:
    bought = await buy()
    await world.server.subscriptions.ask(bought.id, Cancel(by="admin_agent", reason=Reason.CUSTOMER_REQUEST))
    await world.server.subscriptions.handle(bought.id).result()
    before = await world.server.subscriptions.life(bought.id)
    workflow_id = f"subscription:{bought.id}"
    assert "already completed" in await api.update(workflow_id, "suspend", [GOOD])
    assert await api.signal(workflow_id, "suspension_requested", [GOOD]) == 404
    code, said = await cli("signal", "--workflow-id", workflow_id, "--name", "suspension_requested", "--input", "{}")
    assert (code, "already completed" in said) == (1, True)
    assert await world.server.subscriptions.life(bought.id) == before
    assert (await world.server.subscriptions.details(bought.id)).state == "cancelled"


CLI_INPUTS: list[tuple[str, list[str], bool]] = [
    ("not JSON", ["--input", "now"], False),
    ("half of JSON", ["--input", '{"by": '], False),
    ("no input", [], True),
    ("text", ["--input", '"now"'], True),
    ("wrong types", ["--input", '{"by": 5, "reason": []}'], True),
    ("two inputs", ["--input", GOOD_JSON.decode(), "--input", GOOD_JSON.decode()], True),
    ("bytes", ["--input", GOOD_JSON.decode(), "--input-meta", "encoding=binary/plain"], True),
    ("an unknown encoding", ["--input", GOOD_JSON.decode(), "--input-meta", "encoding=nobody/knows"], True),
    ("base64 of no JSON", ["--input", "bm93", "--input-base64", "--input-meta", "encoding=json/plain"], False),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sent"), [pytest.param(*row, id=name) for name, *row in CLI_INPUTS])
async def test_what_the_temporal_command_sends_is_refused_or_counted(
    world: World, buy: Buy, cli: Any, words: list[str], sent: bool
) -> None:
    bought = await buy()
    before = await world.server.subscriptions.life(bought.id)
    to = ["--workflow-id", f"subscription:{bought.id}"]
    code, said = await cli("update", "execute", *to, "--name", "suspend", *words)
    assert code == 1
    assert said.strip()
    assert "Traceback" not in said
    code, said = await cli("signal", *to, "--name", "suspension_requested", *words)
    assert (code == 0) == sent, said
    await still_lives(world, bought.id, before, refused=int(sent))


async def test_an_account_takes_the_same(world: World, api: Api) -> None:
    """Payloads, bodies and names, one after the other, to one account; then it takes a payment."""
    payer = Payer(world)
    await payer.buy()
    before = (await world.server.accounts.settled(payer.id)).account
    workflow_id, counted = f"billing-account:{payer.id}", 0
    for _, sent in PAYLOADS:
        said = await api.update(workflow_id, "payment_received", {"payloads": [sent]}, RAW)
        assert json.loads(said)["outcome"]["failure"]["message"]
        counted += await api.signal(workflow_id, "payment_received", {"payloads": [sent]}, RAW) == 200
    for _, body in EVERY_UPDATE:
        answer = await api.post(f"{workflow_id}/update/payment_received", body)
        assert answer.status_code >= 400 or "failure" in answer.json()["outcome"]
    for _, body in EVERY_SIGNAL:
        counted += (await api.post(f"{workflow_id}/signal/payment_received", body)).status_code == 200
    assert (await world.server.accounts.details(payer.id)).refused_signal_count == counted
    assert (await world.server.accounts.settled(payer.id)).account == before
    assert (await world.server.accounts.ask(payer.id, payment("p-1", "1.00"))).outcome is Outcome.DONE


@pytest.mark.slow
async def test_ten_thousand_signals_at_once_are_taken_one_by_one_or_refused_to_their_sender(
    world: World, buy: Buy
) -> None:
    """SUS-1: a hundred among them are one request, with one effect; of the others each that was taken is counted."""
    bought = await buy()
    handle = world.server.subscriptions.handle(bought.id)
    many_at_once, taken, refused = asyncio.Semaphore(200), {True: 0, False: 0}, set()

    async def send(number: int) -> None:
        good = number % 100 == 50
        request = {**GOOD, "command_id": "case-17"} if good else {"by": "nobody", "n": number}
        async with many_at_once:
            try:
                await handle.signal("suspension_requested", request)
            except RPCError as error:
                refused.add(error.message)
            else:
                taken[good] += 1

    await asyncio.gather(*(send(number) for number in range(SENT)))
    assert refused <= {"exceeded workflow execution limit for signal events"}
    life = await all_read(world, bought.id, taken[False])
    assert life.refused_signal_count == taken[False] > 1000
    assert taken[True] > 1
    assert [event.event.value for event in await world.books.subscriptions.events(bought.id)] == [
        "purchased",
        "suspended",
    ]
    done = await world.server.subscriptions.ask(bought.id, SetAutoRenew(by="admin_agent", enabled=False))
    assert done.outcome is not Outcome.REFUSED
    await handle.signal("suspension_requested", {"by": "nobody"})
    assert (await all_read(world, bought.id, taken[False] + 1)).refused_signal_count == taken[False] + 1


async def all_read(world: World, subscription_id: str, refused: int) -> Life:
    """The life once so many signals were refused, and the books are written."""
    while (await world.server.subscriptions.details(subscription_id)).refused_signal_count < refused:
        await asyncio.sleep(0.05)
    return await world.server.subscriptions.settled(subscription_id)
