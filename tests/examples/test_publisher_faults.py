"""Each fault as a sender sees it, and what the publisher has made of the message."""

import asyncio
from pathlib import Path

import httpx2
import pytest
from pydantic import ValidationError

from examples.publisher.faults import Board, Fault, Faults, Switch
from examples.publisher.server import PublisherServer
from tests.support.publisher.messages import SECRET, message, send
from tests.support.publisher.secrets import secret

ONCE = Switch(next=1, seconds=1)


def seen(publisher: PublisherServer) -> list[tuple[str, str | None]]:
    """Verdict and fault of each request, the oldest first."""
    return [(entry.verdict, entry.fault) for entry in reversed(publisher.log.page())]


async def came_in(publisher: PublisherServer, requests: int) -> None:
    """So many requests have a verdict, whether they are answered or not."""
    while publisher.log.figures().requests < requests:
        await asyncio.sleep(0.01)


async def test_error(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    publisher.faults.set(Fault.ERROR, ONCE)
    assert (await send(client, message("s", 1, 0))).status_code == 500
    assert publisher.inbox.applied("s") == []
    assert (await send(client, message("s", 1, 0))).status_code == 200
    assert seen(publisher) == [("faulted", "error"), ("applied", None)]


async def test_too_many(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    publisher.faults.set(Fault.TOO_MANY, Switch(next=1, seconds=2.5))
    response = await send(client, message("s", 1, 0))
    assert (response.status_code, response.headers["retry-after"]) == (429, "3")
    assert publisher.inbox.applied("s") == []


async def test_timeout(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    publisher.faults.set(Fault.TIMEOUT, ONCE)
    with pytest.raises(httpx2.ReadTimeout):
        await send(client, message("s", 1, 0), seconds=0.3)
    await came_in(publisher, 1)
    assert publisher.inbox.applied("s") == []
    assert (await send(client, message("s", 1, 0))).status_code == 200


async def test_never(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    publisher.faults.set(Fault.NEVER, Switch(percent=100))
    for _ in range(3):
        with pytest.raises(httpx2.TransportError):
            await send(client, message("s", 1, 0))
    publisher.faults.clear()
    assert (await send(client, message("s", 1, 0))).status_code == 200
    assert seen(publisher) == [("faulted", "never")] * 3 + [("applied", None)]


async def test_drop(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    publisher.faults.set(Fault.DROP, ONCE)
    with pytest.raises(httpx2.TransportError):
        await send(client, message("s", 1, 0))
    assert publisher.inbox.applied("s") == [1]
    assert (await send(client, message("s", 1, 0))).json()["verdict"] == "repeat"
    assert seen(publisher) == [("applied", "drop"), ("repeat", None)]


async def test_slow(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    """Applied at once: who gives up on the answer and sends again sends a repeat."""
    publisher.faults.set(Fault.SLOW, Switch(next=1, seconds=60))
    with pytest.raises(httpx2.ReadTimeout):
        await send(client, message("s", 1, 0), seconds=0.3)
    await came_in(publisher, 1)
    assert (await send(client, message("s", 1, 0))).json()["verdict"] == "repeat"
    publisher.faults.set(Fault.SLOW, Switch(next=1, seconds=0.1))
    assert (await send(client, message("s", 2, 1))).json()["verdict"] == "applied"


async def test_reorder(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    """What is held back is applied late: a second copy overtakes it, and one that follows is early."""
    publisher.faults.set(Fault.REORDER, Switch(next=1, seconds=2))
    held = asyncio.create_task(send(client, message("s", 1, 0)))
    while publisher.faults.board.reorder.next:
        await asyncio.sleep(0.01)
    assert (await send(client, message("s", 2, 1))).json()["verdict"] == "early"
    assert (await send(client, message("s", 1, 0))).json()["verdict"] == "applied"
    assert (await held).json()["verdict"] == "repeat"
    assert (await send(client, message("s", 2, 1))).json()["verdict"] == "applied"
    assert publisher.inbox.applied("s") == [1, 2]
    assert (publisher.log.figures().applied_twice, publisher.log.figures().applied_out_of_order) == (0, 0)


async def test_a_server_that_stops_does_not_wait_for_faults(tmp_path: Path) -> None:
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        async with PublisherServer(tmp_path, [SECRET], "http://127.0.0.1:1") as publisher:
            client.base_url = publisher.address
            publisher.faults.replace(Board(timeout=ONCE, slow=Switch(next=1, seconds=3600)))
            waiting = [asyncio.create_task(send(client, message(one, 1, 0), seconds=60)) for one in "ab"]
            await came_in(publisher, 2)
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert any(isinstance(answer, httpx2.TransportError) for answer in answers)


async def test_whoever_sends_until_it_is_taken_is_applied_once_and_in_order(
    publisher: PublisherServer, client: httpx2.AsyncClient
) -> None:
    """Three subscriptions at once, under every fault."""
    some, soon = Switch(percent=12), Switch(percent=12, seconds=0.02)
    publisher.faults.replace(
        Board(
            seed=11,
            error=some,
            drop=some,
            never=some,
            too_many=some,
            slow=soon,
            reorder=soon,
            timeout=Switch(percent=3),
        )
    )

    async def tell(subscription: str) -> None:
        for number in range(1, 16):
            status = 0
            while status != 200:
                try:
                    status = (await send(client, message(subscription, number, number - 1), seconds=1)).status_code
                except httpx2.TransportError:
                    continue

    await asyncio.gather(*(tell(subscription) for subscription in "abc"))
    figures = publisher.log.figures()
    assert [publisher.inbox.applied(subscription) for subscription in "abc"] == [list(range(1, 16))] * 3
    assert (figures.verdicts["applied"], figures.applied_twice, figures.applied_out_of_order) == (45, 0, 0)
    assert figures.verdicts["repeat"] > 0
    assert figures.faults.keys() >= {"error", "drop", "never", "too_many", "slow", "reorder"}


async def test_what_is_not_genuine_meets_no_fault(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    publisher.faults.set(Fault.ERROR, ONCE)
    forged = await send(client, message("s", 1, 0, secrets=[secret("stranger")]))
    assert (forged.status_code, forged.json()["verdict"]) == (401, "forged")
    large = await client.post("/webhooks", content=b" " * 70_000)
    assert (large.status_code, large.json()["verdict"]) == (413, "too_large")
    assert publisher.faults.board.error == ONCE
    assert [(entry.message_id, entry.subscription_id) for entry in publisher.log.page()] == [("", None), ("s:1", None)]


async def test_faults_are_set_and_read_as_json(publisher: PublisherServer, client: httpx2.AsyncClient) -> None:
    board = {"seed": 3, "error": {"percent": 10}, "slow": {"next": 2, "seconds": 0.5}}
    answer = await client.put("/faults", json=board)
    assert answer.status_code == 200
    assert answer.json() == (await client.get("/faults.json")).json()
    assert publisher.faults.board == Board(seed=3, error=Switch(percent=10), slow=Switch(next=2, seconds=0.5))
    await client.put("/faults", json={})
    assert publisher.faults.board == Board()


@pytest.mark.parametrize(
    ("board", "words"),
    [
        ('{"error": {"percent": 101}}', "error.percent: Input should be less than or equal to 100"),
        ('{"error": {"percent": 60}, "drop": {"percent": 60}}', "the shares of all faults are 120 percent together"),
        ('{"eror": {}}', "eror: "),
        ('{"error": {"next": 1.5}}', "error.next: "),
        ('{"slow": {"seconds": NaN}}', "slow.seconds: "),
        ("[", "the board: "),
    ],
)
async def test_a_faulty_board_changes_nothing(client: httpx2.AsyncClient, board: str, words: str) -> None:
    json = {"content-type": "application/json"}
    answer = await client.put("/faults", content=board, headers=json)
    assert (answer.status_code, words in answer.json()["error"]) == (422, True), answer.text
    assert (await client.put("/faults", content="{}", headers={"content-type": "text/plain"})).status_code == 415
    assert (await client.put("/faults", content=" " * 20_000, headers=json)).status_code == 413
    assert (await client.get("/faults.json")).json()["error"]["percent"] == 0


def test_lots_are_drawn_by_the_seed_and_not_by_what_comes_between() -> None:
    board = Board(seed=5, error=Switch(percent=30), drop=Switch(percent=20))
    one, other, elsewhere = Faults(), Faults(), Faults()
    for faults in (one, other):
        faults.replace(board)
    elsewhere.replace(board.model_copy(update={"seed": 6}))
    ids = [f"s:{number}" for number in range(400)]
    drawn = [one.draw(each) for each in ids]
    for each in ids[::3]:
        other.draw(f"{each}-of-another")
    assert [other.draw(each) for each in ids] == drawn
    assert [elsewhere.draw(each) for each in ids] != drawn
    kinds = [lot.fault for lot in drawn if lot]
    assert 80 < kinds.count(Fault.ERROR) < 160
    assert 50 < kinds.count(Fault.DROP) < 110
    assert len(kinds) == kinds.count(Fault.ERROR) + kinds.count(Fault.DROP)
    assert [one.draw(each) for each in ids] != drawn


def test_shares_add_up_to_all_at_most() -> None:
    faults = Faults()
    faults.set(Fault.ERROR, Switch(percent=60))
    with pytest.raises(ValidationError, match="110 percent"):
        faults.set(Fault.DROP, Switch(percent=50))
    assert faults.board.drop == Switch()
