"""What a publisher's name may lead to, and that the connection goes nowhere else."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest

from activities.adapters.webhooks.addresses import Unreachable, checked, is_public
from activities.adapters.webhooks.messenger import WebhookMessenger
from activities.adapters.webhooks.resolver import SystemResolver
from activities.notifications.contracts import Reply
from tests.support.publisher.raw_endpoint import MESSAGE, Names, answering
from tests.support.publisher.records import endpoint

NAME = "hooks.contoso.example"

HOSTILE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0.0.0.0",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255"]
PUBLIC += ["::ffff:8.8.8.8", "2606:4700::1", "2001:200::1", "2003::1", "2a00:1450::1", "3ffe::1"]


@pytest.mark.parametrize("address", HOSTILE)
def test_what_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(Unreachable, match="is not a public address; allow its network with allow_networks"):
        checked(NAME, [address], ())
    with pytest.raises(Unreachable):
        checked(NAME, ["8.8.8.8", address], ())


@pytest.mark.parametrize("address", PUBLIC)
def test_a_host_of_the_public_internet_is_taken(address: str) -> None:
    assert checked(NAME, [address], ()) == [address]


def test_the_operator_can_name_networks() -> None:
    networks = (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))
    inside = ["127.0.0.1", "::ffff:127.0.0.1", "fd00::1", "8.8.8.8"]
    assert checked(NAME, inside, networks) == inside
    for outside in ("10.0.0.1", "::1", "fe80::1", "fd00::1%eth0"):
        with pytest.raises(Unreachable, match=NAME):
            checked(NAME, [*inside, outside], networks)


def test_what_is_no_answer() -> None:
    with pytest.raises(Unreachable, match="has no address"):
        checked(NAME, [], ())
    with pytest.raises(Unreachable, match="something that is not an address"):
        checked(NAME, ["localhost"], ())


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.1",
        "0",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ],
)
async def test_no_spelling_of_loopback_gets_through(host: str) -> None:
    async with answering() as server, WebhookMessenger() as messenger:
        url = f"http://{host}:{server.port}/"
        reply = await messenger.send(endpoint(url=url, allow_http=True), MESSAGE)
    assert reply.status is None
    assert reply.problem is not None
    assert "not a public address" in reply.problem or "resolve" in reply.problem
    assert server.connections == 0


async def test_loopback_where_the_operator_allows_it() -> None:
    async with answering() as server, WebhookMessenger() as messenger:
        for host in ("127.0.0.1", "localhost", "2130706433"):
            told = endpoint(
                url=f"http://{host}:{server.port}/", allow_http=True, allow_networks=["127.0.0.0/8", "::1/128"]
            )
            assert await messenger.send(told, MESSAGE) == Reply(status=200)
            assert server.requests[-1].headers["host"] == f"{host}:{server.port}"


async def test_a_name_that_is_bound_anew_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the address that was checked is the one that is spoken to, and the next try checks anew."""
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    async with answering(host="127.0.0.2") as theirs, answering(port=theirs.port) as ours:
        # Nobody but us resolves: not the libraries either.
        monkeypatch.delattr(socket, "getaddrinfo")
        told = endpoint(url=f"http://{NAME}:{theirs.port}/", allow_http=True, allow_networks=["127.0.0.2/32"])
        async with WebhookMessenger(resolve=names) as messenger:
            first = await messenger.send(told, MESSAGE)
            assert names.asked == [(NAME, theirs.port)]
            second = await messenger.send(told, MESSAGE)
    assert first == Reply(status=200)
    assert second.problem == (
        f"{NAME} resolves to 127.0.0.1, which is not a public address; allow its network with allow_networks"
    )
    assert (len(theirs.requests), ours.connections) == (1, 0)
    assert theirs.requests[0].headers["host"] == f"{NAME}:{theirs.port}"


async def test_one_bad_answer_among_good_ones_is_enough() -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])
    async with answering(host="127.0.0.2") as theirs:
        told = endpoint(url=f"http://{NAME}:{theirs.port}/", allow_http=True, allow_networks=["127.0.0.2/32"])
        async with WebhookMessenger(resolve=names) as messenger:
            reply = await messenger.send(told, MESSAGE)
    assert reply.problem is not None
    assert theirs.connections == 0


async def test_an_address_that_takes_no_connection_gives_way_to_the_next() -> None:
    names = Names(["127.0.0.3", "127.0.0.2"])
    async with answering(host="127.0.0.2") as theirs:
        told = endpoint(url=f"http://{NAME}:{theirs.port}/", allow_http=True, allow_networks=["127.0.0.0/8"])
        async with WebhookMessenger(resolve=names) as messenger:
            assert await messenger.send(told, MESSAGE) == Reply(status=200)
    assert len(theirs.requests) == 1


async def test_the_system_is_asked_once_for_a_name_that_many_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = socket.getaddrinfo

    def slowly(host: str, *args: int, **more: int) -> object:
        asked.append(host)
        all_wait.wait(10)
        return real("127.0.0.1", *args, **more)

    waiting, all_wait = list[int](), threading.Event()
    resolver = SystemResolver()
    monkeypatch.setattr(socket, "getaddrinfo", slowly)

    async def ask(number: int) -> Sequence[str]:
        waiting.append(number)
        if len(waiting) == 5:
            all_wait.set()
        return await resolver(NAME, 443)

    impatient = asyncio.ensure_future(resolver(NAME, 443))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await asyncio.gather(*(ask(number) for number in range(5))) == [["127.0.0.1"]] * 5
    assert asked == [NAME]
    assert list(await resolver(NAME, 443)) == ["127.0.0.1"]
    assert len(asked) == 2
    resolver.close()
