"""Two processes on one data directory: the second joins the first's server, or is told why not."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from hosting.embedded.ports import Endpoints, free_ports
from hosting.embedded.shared import ServerLock, shared_server
from hosting.temporal.connection import connect_to
from hosting.temporal.errors import DirectoryInUse
from tests.support.paths import ROOT

FIRST = """
import asyncio, pathlib, sys
from hosting.embedded.shared import shared_server

async def main():
    async with shared_server(pathlib.Path(sys.argv[1])) as shared:
        print(shared.endpoints.address, shared.joined, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_second_process_joins_and_takes_over_after_the_first(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FIRST, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as first:
        assert first.stdout is not None
        address, joined = first.stdout.readline().decode().split()
        assert joined == "False"
        async with shared_server(tmp_path) as second:
            assert second.joined
            assert second.endpoints.address == address
            await connect_to(address)
        # Leaving does not stop what others run.
        await connect_to(address)
        first.kill()
        first.wait()
    # No cleaning up after a kill -9, and no second server while the first one's is still on the files.
    async with shared_server(tmp_path) as third:
        assert not third.joined
        await connect_to(third.endpoints.address)


async def test_two_at_once_start_one_server(tmp_path: Path) -> None:
    both_in = asyncio.Barrier(2)

    async def use() -> tuple[str, bool]:
        async with shared_server(tmp_path) as shared:
            await both_in.wait()
            return shared.endpoints.address, shared.joined

    (one, one_joined), (other, other_joined) = await asyncio.gather(use(), use())
    assert one == other
    assert {one_joined, other_joined} == {True, False}


@pytest.mark.parametrize("published", [True, False])
async def test_a_holder_whose_server_does_not_answer(tmp_path: Path, published: bool) -> None:
    holder = ServerLock(tmp_path)
    assert holder.acquire()
    expected = "another process"
    if published:
        (port,) = free_ports(1)
        holder.publish(Endpoints(f"127.0.0.1:{port}", "", None, pid=12345, owner_pid=os.getpid()))
        expected = f"process 12345 at 127.0.0.1:{port}"
    try:
        with pytest.raises(DirectoryInUse, match=f"is in use by {expected}.*: stop that process, or choose"):
            async with shared_server(tmp_path, join_timeout=timedelta(seconds=0.1)):
                pass
    finally:
        holder.release()
    assert ServerLock(tmp_path).acquire()


def test_half_a_record_is_none(tmp_path: Path) -> None:
    lock = ServerLock(tmp_path)
    assert lock.published() is None
    lock.path.write_text('{"address": "127.0')
    assert lock.published() is None
    lock.path.write_text('["address"]')
    assert lock.published() is None


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DirectoryInUse, match="cannot be used: .* Choose a directory"):
        ServerLock(tmp_path / "file").acquire()


async def test_an_orphan_that_stays_is_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS, where no one kills a server with its parent: the lock is the server's, too."""
    monkeypatch.setattr("hosting.embedded.shared.ORPHAN_GRACE_SECONDS", 0.2)
    holder = ServerLock(tmp_path)
    assert holder.acquire()
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as orphan:
        address = f"127.0.0.1:{orphan.sockets[0].getsockname()[1]}"
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            pass
        holder.publish(Endpoints(address, "", None, pid=1, owner_pid=ended.pid))
        async with shared_server(tmp_path) as shared:
            assert shared.joined
            assert shared.endpoints.address == address
    holder.release()
