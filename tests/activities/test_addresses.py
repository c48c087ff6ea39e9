"""What a publisher's name may lead to, and that the connection goes nowhere else."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from activities.adapters.webhooks.addresses import Unreachable, checked, is_public
from activities.adapters.webhooks.messenger import WebhookMessenger
from activities.adapters.webhooks.resolver import SystemResolver
from activities.notification_contracts import Message, Reply
from tests.activities.endpoint_server import answering
from tests.activities.publishers_under_test import endpoint

MESSAGE = Message(id="s-1:3", body=b"{}")
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


class Names:
    """A resolver that gives each time the next answer, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.mark.parametrize("address", HOSTILE)
def test_what_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(Unreachable, match="is no public address; allow_networks can name its network"):
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
    with pytest.raises(Unreachable, match="what is no address"):
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
    assert "no public address" in reply.problem or "resolve" in reply.problem
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
        f"{NAME} leads to 127.0.0.1, which is no public address; allow_networks can name its network"
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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the name, signed by itself, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    named = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    command = [openssl, "req", "-x509", *curve, *named, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + key.read_text())
    return certificate


@pytest.fixture
def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_the_certificate_is_that_of_the_name(certificate: Path, serving: ssl.SSLContext) -> None:
    """The connection goes to the checked address; what is asked for, and what has to be proved, is the name."""
    asked: list[str | None] = []
    serving.sni_callback = lambda _, name, __: asked.append(name)
    trusting = ssl.create_default_context(cafile=certificate)
    async with (
        answering(tls=serving) as server,
        WebhookMessenger(resolve=Names(["127.0.0.1"]), tls=trusting) as trusted,
    ):
        replies = {
            host: await trusted.send(
                endpoint(url=f"https://{host}:{server.port}/", allow_networks=["127.0.0.1"]), MESSAGE
            )
            for host in (NAME, f"{NAME}.", "hooks.fabrikam.example", "127.0.0.1")
        }
    assert replies.pop(NAME) == Reply(status=200)
    assert replies.pop(f"{NAME}.") == Reply(status=200)
    for reply in replies.values():
        assert reply.status is None
        assert reply.problem is not None
        assert reply.problem.startswith("TLS: its certificate is refused (")
        assert "mismatch" in reply.problem
    assert asked == [NAME, NAME, "hooks.fabrikam.example", None]
    assert [request.headers["host"] for request in server.requests] == [
        f"{NAME}:{server.port}",
        f"{NAME}.:{server.port}",
    ]


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    serving: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The environment vouches for nobody.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with answering(tls=serving) as server, WebhookMessenger(resolve=Names(["127.0.0.1"])) as messenger:
        told = endpoint(url=f"https://{NAME}:{server.port}/", allow_networks=["127.0.0.1"])
        reply = await messenger.send(told, MESSAGE)
    assert reply.status is None
    assert reply.problem is not None
    assert reply.problem.startswith("TLS: its certificate is refused (self")
    assert server.requests == []


async def test_https_is_never_spoken_in_clear_and_a_handshake_that_hangs_leaves_nothing_open() -> None:
    async with answering() as server, WebhookMessenger() as messenger:
        told = endpoint(url=f"https://127.0.0.1:{server.port}/", allow_networks=["127.0.0.1"], timeout_seconds=1)
        reply = await messenger.send(told, MESSAGE)
        while server.open:
            await asyncio.sleep(0.01)
    assert reply == Reply(problem="cannot be connected to in time")
    assert (server.connections, server.requests) == (1, [])
