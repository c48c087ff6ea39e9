"""TLS goes to the checked address, and what is proved is the name."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from activities.adapters.webhooks.messenger import WebhookMessenger
from activities.notifications.contracts import Reply
from tests.support.publisher.raw_endpoint import MESSAGE, Names, answering, sent
from tests.support.publisher.records import endpoint

NAME = "hooks.contoso.example"


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
        assert reply.problem.startswith("TLS: its certificate is not accepted (")
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
    assert reply.problem.startswith("TLS: its certificate is not accepted (self")
    assert server.requests == []


async def test_https_is_never_spoken_in_clear_and_a_handshake_that_hangs_leaves_nothing_open() -> None:
    async with answering() as server, WebhookMessenger() as messenger:
        told = endpoint(url=f"https://127.0.0.1:{server.port}/", allow_networks=["127.0.0.1"], timeout_seconds=1)
        reply = await sent(messenger, told)
        while server.open:
            await asyncio.sleep(0.01)
    assert reply == Reply(problem="connecting timed out")
    assert (server.connections, server.requests) == (1, [])
