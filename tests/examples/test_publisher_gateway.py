"""How the publisher asks the gateway, and what it makes of answers."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from examples.publisher.gateway import Gateway, GatewayAway, GatewayRefused
from tests.support.publisher.fake_gateway import STATUS, Bought, FakeGateway
from tests.support.publisher.messages import SECRET
from tests.support.publisher.secrets import secret

TOKEN = "t-very-secret"


@pytest_asyncio.fixture
async def asking(gateway: FakeGateway) -> AsyncIterator[Gateway]:
    gateway.purchases[TOKEN] = Bought("s-1")
    async with Gateway(gateway.address + "/", "contoso", [SECRET, secret("old")]) as asking:
        yield asking


async def test_every_question(asking: Gateway, gateway: FakeGateway) -> None:
    purchase = await asking.resolve(TOKEN)
    assert (purchase.subscription_id, purchase.quantity, purchase.add_ons) == ("s-1", 3, {"backup": 2})
    assert (await asking.activate("s-1", TOKEN)).outcome == "done"
    assert (await asking.activate("s-1", TOKEN)).outcome == "unchanged"
    assert (await asking.reject_quantity("s-1", 4, "too many")).outcome == "done"
    assert (await asking.details("s-1")).state == "trial"
    assert len(set(gateway.ids)) == 5


async def test_a_refusal_by_a_rule_is_an_answer(asking: Gateway, gateway: FakeGateway) -> None:
    gateway.rule = ("LIF-1", "It has ended.")
    answer = await asking.activate("s-1", TOKEN)
    assert (answer.outcome, answer.rule, answer.message) == ("refused", "LIF-1", "It has ended.")


@pytest.mark.parametrize("kind", [kind for kind in STATUS if kind != "Unavailable"])
async def test_an_error_is_said_by_its_type(asking: Gateway, gateway: FakeGateway, kind: str) -> None:
    gateway.instead = (STATUS[kind], json.dumps({"error": {"type": kind, "message": "in words"}}).encode())
    with pytest.raises(GatewayRefused, match="in words") as refused:
        await asking.resolve(TOKEN)
    assert refused.value.kind == kind


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (503, b'{"error": {"type": "Unavailable", "message": "later"}}', "later"),
        (200, b"<html>", "is not a gateway: 200"),
        (302, b"", "is not a gateway: 302"),
        (200, b"[]", "is not a gateway"),
        (200, b"[" * 60_000, "is not a gateway"),
        (200, b'"' + b"x" * 70_000 + b'"', "too long for a gateway's"),
        (200, b'{"subscription_id": "s-1", "quantity": "many"}', "not as agreed: customer, offer, quantity"),
    ],
)
async def test_what_is_no_answer(asking: Gateway, gateway: FakeGateway, status: int, answer: bytes, words: str) -> None:
    gateway.instead = (status, answer)
    with pytest.raises(GatewayAway, match=words) as away:
        await asking.resolve(TOKEN)
    assert "\n" not in str(away.value)


async def test_nobody_there() -> None:
    async with Gateway("http://127.0.0.1:1", "contoso", [SECRET]) as asking:
        with pytest.raises(GatewayAway, match=r"http://127.0.0.1:1 does not answer") as away:
            await asking.resolve(TOKEN)
    assert TOKEN not in str(away.value)


async def test_another_publisher_and_another_secret(gateway: FakeGateway) -> None:
    for publisher, key in (("other", SECRET), ("contoso", secret("stranger"))):
        async with Gateway(gateway.address, publisher, [key]) as asking:
            with pytest.raises(GatewayRefused) as refused:
                await asking.resolve(TOKEN)
            assert refused.value.kind == "BadSignature"
            assert key not in repr(refused.value) + repr(vars(asking))
