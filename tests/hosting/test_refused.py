"""Servers that do not take a client: certificates, keys, rights. Each is one line that says what to correct."""

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from temporalio.service import RPCStatusCode

from hosting.assembly import prepare_files
from hosting.temporal.connection import connect
from hosting.temporal.errors import ServerUnreachable
from tests.support.live.purchases import settings_in
from tests.support.paths import ROOT
from tests.support.refusing_server import refusing_server

EXPIRED = (RPCStatusCode.UNAUTHENTICATED, "The API key has expired.")
DENIED = (RPCStatusCode.PERMISSION_DENIED, "Request unauthorized.")
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two authorities, `ca` and `other-ca`, and certificates by them, each with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    folder = tmp_path_factory.mktemp("certificates")

    def make(name: str, *more: str) -> None:
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        command = ["openssl", "req", "-x509", *CURVE, "-subj", f"/CN={name}", *files, *more]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    for authority in ("ca", "other-ca"):
        make(authority)
    for name, authority, subject in (
        ("server", "ca", "IP:127.0.0.1"),
        ("elsewhere", "ca", "DNS:elsewhere.example"),
        ("client", "ca", "DNS:client"),
        ("stranger", "other-ca", "DNS:client"),
    ):
        signed = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key"]
        make(name, *signed, "-addext", f"subjectAltName={subject}", "-addext", "basicConstraints=critical,CA:FALSE")
    return folder


def serving(made: Path, name: str = "server", *, mutual: bool = False) -> ssl.SSLContext:
    """TLS as a server of that name has it; `mutual`: it wants a client certificate by `ca`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made / f"{name}.pem", made / f"{name}.key")
    context.set_alpn_protocols(["h2"])
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(made / "ca.pem")
    return context


def configure(monkeypatch: pytest.MonkeyPatch, address: str, made: Path, **variables: str) -> None:
    """Temporal's own variables; a value that ends with .pem or .key is a file of the folder."""
    for name in [name for name in os.environ if name.startswith("TEMPORAL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_ADDRESS", address)
    for name, value in variables.items():
        monkeypatch.setenv(f"TEMPORAL_{name}", str(made / value) if value.endswith((".pem", ".key")) else value)


async def said() -> str:
    """The one line of the connection that fails."""
    with pytest.raises(ServerUnreachable) as refused:
        await connect()
    assert "\n" not in str(refused.value)
    assert "secret-key" not in str(refused.value)
    return str(refused.value)


async def test_an_api_key_that_has_expired(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with refusing_server(*EXPIRED, serving(made)) as (address, refused):
        configure(monkeypatch, address, made, API_KEY="secret-key", TLS_SERVER_CA_CERT_PATH="ca.pem")
        assert await said() == (
            f"The Temporal server at '{address}' refuses this client (The API key has expired): set TEMPORAL_API_KEY "
            "to a key that is valid, and may use it."
        )
        assert len(refused) == 1


async def test_somebody_without_permission(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with refusing_server(*DENIED) as (address, _):
        configure(monkeypatch, address, made)
        assert await said() == (
            f"The Temporal server at '{address}' refuses this client (Request unauthorized): set TEMPORAL_API_KEY, or "
            "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, to what it accepts."
        )


@pytest.mark.parametrize(
    ("server", "variables", "words"),
    [
        ("server", {"TLS_SERVER_CA_CERT_PATH": "other-ca.pem"}, "its issuer is unknown: set TEMPORAL_TLS_SERVER_CA"),
        ("server", {"TLS": "true"}, "its issuer is unknown: set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the certificate"),
        ("elsewhere", {"TLS_SERVER_CA_CERT_PATH": "ca.pem"}, "it is for another name: set TEMPORAL_TLS_SERVER_NAME"),
    ],
)
async def test_a_servers_certificate_that_is_wrong(
    made: Path, monkeypatch: pytest.MonkeyPatch, server: str, variables: dict[str, str], words: str
) -> None:
    async with refusing_server(*DENIED, serving(made, server)) as (address, refused):
        configure(monkeypatch, address, made, **variables)
        found = await said()
        assert found.startswith(f"The Temporal server at '{address}' has a certificate that is not accepted; {words}")
        assert refused == []


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        (None, None, "ended the connection: it may want another client certificate. Set TEMPORAL_TLS_CLIENT_CERT_PATH"),
        ("stranger.pem", "stranger.key", "ended the connection: it may want another client certificate. Set"),
        ("client.pem", "stranger.key", "was not asked: the client certificate and its key cannot be used"),
        ("ca.key", "client.key", "was not asked: the client certificate and its key cannot be used"),
    ],
)
async def test_a_client_certificate_that_is_missing_or_wrong(
    made: Path, monkeypatch: pytest.MonkeyPatch, certificate: str | None, key: str | None, words: str
) -> None:
    async with refusing_server(*DENIED, serving(made, mutual=True)) as (address, refused):
        own = {"TLS_CLIENT_CERT_PATH": certificate, "TLS_CLIENT_KEY_PATH": key} if certificate and key else {}
        configure(monkeypatch, address, made, TLS_SERVER_CA_CERT_PATH="ca.pem", **own)
        assert (await said()).startswith(f"The Temporal server at '{address}' {words}")
        assert refused == []


async def test_the_right_client_certificate_reaches_the_server(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with refusing_server(*DENIED, serving(made, mutual=True)) as (address, refused):
        own = {"TLS_CLIENT_CERT_PATH": "client.pem", "TLS_CLIENT_KEY_PATH": "client.key"}
        configure(monkeypatch, address, made, TLS_SERVER_CA_CERT_PATH="ca.pem", **own)
        assert "refuses this client (Request unauthorized)" in await said()
        assert len(refused) == 1


async def test_tls_where_the_other_side_has_none(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with refusing_server(*DENIED) as (address, _):
        configure(monkeypatch, address, made, API_KEY="secret-key")
        assert await said() == (
            f"The Temporal server at '{address}' does not speak TLS: correct TEMPORAL_ADDRESS, or unset TEMPORAL_TLS, "
            "and TEMPORAL_API_KEY, with which it is the default."
        )
    async with refusing_server(*DENIED, serving(made)) as (address, _):
        configure(monkeypatch, address, made)
        assert await said() == (
            f"The Temporal server at '{address}' ended the connection: it may want TLS. Set TEMPORAL_TLS=true, or a "
            "certificate or key."
        )


@pytest.mark.parametrize("words", [["worker"], ["show", "my-first"], ["reconcile"], ["setup", "--check"]])
async def test_a_program_ends_with_that_line_and_has_done_nothing(made: Path, tmp_path: Path, words: list[str]) -> None:
    """Also the worker, whose books are ready."""
    settings = settings_in(tmp_path)
    await prepare_files(settings)
    before = Path(settings.database_url.removeprefix("sqlite:///")).read_bytes()
    async with refusing_server(*EXPIRED, serving(made)) as (address, _):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(ROOT / "starter.py"), *words),
            env={
                "PATH": os.environ["PATH"],
                "PERENNIAL_DATA_DIR": str(tmp_path),
                "TEMPORAL_ADDRESS": address,
                "TEMPORAL_API_KEY": "secret-key",
                "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(made / "ca.pem"),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
    printed = (out if words[0] == "setup" else err).decode()
    (line,) = [line for line in printed.splitlines() if "server at" in line]
    assert line.startswith(f"The Temporal server at '{address}' refuses this client (The API key has expired): set ")
    assert (process.returncode, "Traceback" in err.decode(), "secret-key" in printed) == (1, False, False)
    assert Path(settings.database_url.removeprefix("sqlite:///")).read_bytes() == before
