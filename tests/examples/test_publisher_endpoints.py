"""The publisher as programs meet it, and what it asks the gateway by itself."""

import asyncio
import re
from pathlib import Path

import httpx2
import pytest

from examples.publisher.rejections import Rejection
from examples.publisher.server import CannotServe, PublisherServer
from tests.support.publisher.fake_gateway import Bought, FakeGateway
from tests.support.publisher.messages import MAX_QUANTITY, SECRET, message, microsoft, send

MORE = MAX_QUANTITY + 1


async def answered(publisher: PublisherServer) -> list[Rejection]:
    """The rejections, once the gateway has answered each."""
    while True:
        rejections = publisher.rejections.all()
        if rejections and all(rejection.outcome for rejection in rejections):
            return rejections
        await asyncio.sleep(0.02)


async def test_events_as_json(client: httpx2.AsyncClient) -> None:
    for number in range(1, 6):
        await send(client, message("s", number, number - 1))
    await send(client, microsoft("m", 1, 0, "Suspend", 4))
    first = (await client.get("/events.json", params={"subscription": "s", "limit": 3})).json()
    assert [event["sequence"] for event in first["events"]] == [5, 4, 3]
    rest = (await client.get("/events.json", params={"subscription": "s", "before": first["before"]})).json()
    assert ([event["sequence"] for event in rest["events"]], rest["before"]) == ([2, 1], None)
    assert first["figures"]["verdicts"] == {"applied": 6}
    (event,) = (await client.get("/events.json", params={"subscription": "m"})).json()["events"]
    assert (event["event"], event["state"], event["quantity"], event["verdict"]) == (
        "Suspend",
        "suspended",
        4,
        "applied",
    )


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "before=-1", "before=99999999999999999999", "limit=1.5", "before=²"]
)
async def test_a_query_that_is_none(client: httpx2.AsyncClient, query: str) -> None:
    answer = await client.get(f"/events.json?{query}")
    assert answer.status_code == 400
    assert "takes a whole number from 1" in answer.json()["error"]
    assert (await client.get(f"/events?{query.replace('limit', 'before')}")).status_code == 400


async def test_subscriptions_as_json(client: httpx2.AsyncClient) -> None:
    await send(client, message("s", 1, 0, state="trial", quantity=2))
    await send(client, microsoft("m", 1, 0, "Subscribe", 4))
    await send(client, microsoft("m", 2, 1, "Unsubscribe", 4))
    known = (await client.get("/subscriptions.json")).json()
    assert known["count"] == 2
    assert [(one["subscription_id"], one["state"], one["quantity"]) for one in known["subscriptions"]] == [
        ("m", "cancelled", 4),
        ("s", "trial", 2),
    ]


async def test_health(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_a_change_to_too_many_is_rejected_after_it_is_acknowledged(
    publisher: PublisherServer, client: httpx2.AsyncClient, gateway: FakeGateway
) -> None:
    gateway.purchases["t"] = Bought("s")
    gateway.purchases["u"] = Bought("m")
    assert (await send(client, message("s", 1, 0, event="purchased", quantity=MORE))).status_code == 200
    assert (await send(client, message("s", 2, 1, event="quantity_changed", quantity=MAX_QUANTITY))).status_code == 200
    assert (await send(client, message("s", 3, 2, event="quantity_changed", quantity=MORE))).status_code == 200
    assert (await send(client, message("s", 3, 2, event="quantity_changed", quantity=MORE))).status_code == 200
    assert (await answered(publisher))[0] == Rejection("s", 3, MORE, "done")
    assert (await send(client, microsoft("m", 1, 0, "ChangeQuantity", MORE))).status_code == 200
    assert [rejection.outcome for rejection in await answered(publisher)] == ["done", "done"]
    reason = f"The quantity {MORE} is more than the {MAX_QUANTITY} that we can serve."
    assert gateway.asked == [
        {"do": "reject_quantity", "subscription_id": "s", "sequence": 3, "reason": reason},
        {"do": "reject_quantity", "subscription_id": "m", "sequence": 1, "reason": reason},
    ]


async def test_a_rejection_waits_for_the_gateway_and_outlives_the_process(tmp_path: Path) -> None:
    change = message("s", 1, 0, event="quantity_changed", quantity=MORE)
    async with FakeGateway(SECRET) as gateway:
        gateway.purchases["t"] = Bought("s")
        gateway.away = True
        async with (
            PublisherServer(tmp_path, [SECRET], gateway.address, max_quantity=MAX_QUANTITY) as publisher,
            httpx2.AsyncClient(base_url=publisher.address, trust_env=False) as client,
        ):
            await send(client, change)
            while not gateway.ids:
                await asyncio.sleep(0.02)
            assert publisher.rejections.all() == [Rejection("s", 1, MORE, None)]
        gateway.away = False
        async with PublisherServer(tmp_path, [SECRET], gateway.address, max_quantity=MAX_QUANTITY) as publisher:
            assert await answered(publisher) == [Rejection("s", 1, MORE, "done")]


async def test_what_the_gateway_says_to_a_rejection_is_kept(
    publisher: PublisherServer, client: httpx2.AsyncClient, gateway: FakeGateway
) -> None:
    gateway.purchases["t"] = Bought("s")
    gateway.rule = ("ISV-8", "The change is too old to be taken back.")
    await send(client, message("s", 1, 0, event="quantity_changed", quantity=MORE))
    await send(client, message("unknown", 1, 0, event="quantity_changed", quantity=MORE))
    assert sorted(str(rejection.outcome) for rejection in await answered(publisher)) == [
        "Unknown: There is no subscription unknown.",
        "refused ISV-8 The change is too old to be taken back.",
    ]
    assert "too old to be taken back" in (await client.get("/subscriptions")).text


async def test_a_form_from_elsewhere_does_nothing(
    publisher: PublisherServer, client: httpx2.AsyncClient, gateway: FakeGateway
) -> None:
    gateway.purchases["t-1"] = Bought("s-1")
    page = await client.get("/set-up?token=t-1")
    found = re.search(r'name="seal" value="(\w+)"', page.text)
    assert found is not None
    form = {"token": "t-1", "seal": found.group(1)}
    async with httpx2.AsyncClient(base_url=publisher.address, trust_env=False) as stranger:
        assert (await stranger.post("/set-up", data=form)).status_code == 403
        stranger.cookies.set("visit", "0" * 32)
        assert (await stranger.post("/set-up", data=form)).status_code == 403
        assert (await stranger.post("/faults", data={"error-percent": "100"})).status_code == 422
    for refused in (
        await client.post("/set-up", data={"token": "t-1"}),
        await client.post("/set-up", data={**form, "seal": "é"}),
        await client.post("/set-up", data=form, headers={"sec-fetch-site": "cross-site"}),
        await client.post("/faults", data={"error-percent": "100", "seal": found.group(1)}),
    ):
        assert refused.status_code in {403, 422}
    assert gateway.purchases["t-1"].state == "pending"
    assert publisher.faults.board.error.percent == 0
    assert (await client.post("/set-up", data=form)).status_code == 200
    assert gateway.purchases["t-1"].state == "trial"


async def test_pages_are_for_this_machine_and_kept_by_nobody(
    publisher: PublisherServer, client: httpx2.AsyncClient
) -> None:
    """A site whose name is made to lead here cannot read them; messages come under any name."""
    assert (await client.get("/events", headers={"host": "rebound.example"})).status_code == 421
    assert (await client.get("/healthz", headers={"host": "rebound.example"})).status_code == 200
    assert (await client.get("/events", headers={"host": "localhost:80"})).status_code == 200
    for path in ("/", "/set-up?token=x", "/nowhere", "/style.css", "/events.json"):
        headers = (await client.get(path)).headers
        assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "default-src 'none'" in headers["content-security-policy"]


async def test_what_is_too_much_is_refused(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/set-up", content=b"a=" + b"x" * 20_000)).status_code == 413
    assert (await client.post("/set-up", content=b"a=1&" * 200)).status_code == 400
    assert (await client.get("/set-up", params={"token": "x" * 2000})).status_code == 400


async def test_a_port_and_a_folder_that_cannot_be_had(publisher: PublisherServer, tmp_path: Path) -> None:
    port = int(publisher.address.rpartition(":")[2])
    with pytest.raises(CannotServe, match=f"Port {port} cannot be used"):
        async with PublisherServer(tmp_path, [SECRET], "http://127.0.0.1:1", port=port):
            pass
    (tmp_path / "file").touch()
    with pytest.raises(CannotServe, match="file cannot be used"):
        PublisherServer(tmp_path / "file", [SECRET], "http://127.0.0.1:1")
