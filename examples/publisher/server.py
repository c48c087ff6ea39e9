"""Serve the publisher on a port inside this process."""

import asyncio
import os
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import uvicorn
from starlette.types import Scope

from examples.publisher.app import publisher_app
from examples.publisher.desk import desk_of
from examples.publisher.faults import Faults
from examples.publisher.known import Known
from examples.publisher.log import Log
from examples.publisher.rejections import Rejections
from examples.receiver.inbox import Inbox

LOOPBACK = "127.0.0.1"


class CannotServe(Exception):
    """The port or the folder cannot be used. The message is one line."""


class PublisherServer:
    """`async with PublisherServer(data_dir, secrets, gateway_address) as server: ... server.address`.

    It listens on the loopback address only; port 0 takes any free port. Raises CannotServe, and ValueError for an
    invalid secret.
    """

    def __init__(
        self,
        data_dir: Path,
        secrets: Sequence[str],
        gateway: str,
        *,
        publisher: str = "contoso",
        port: int = 0,
        max_quantity: int | None = None,
        seed: int = 0,
    ) -> None:
        self._port = port
        try:
            self._desk = desk_of(
                data_dir, secrets, gateway, publisher, self._hang_up, max_quantity=max_quantity, seed=seed
            )
        except (OSError, sqlite3.Error) as error:
            raise CannotServe(
                f"The folder {data_dir} cannot be used ({error}): choose another with --data-dir."
            ) from None
        self._server = _Unsignalled(
            uvicorn.Config(
                publisher_app(self._desk), log_config=None, access_log=False, lifespan="off", proxy_headers=False,
                server_header=False, timeout_graceful_shutdown=1,
            )
        )  # fmt: skip
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None
        self._rejecting: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """http://host:port, after entering."""
        assert self._socket is not None, "enter it first"
        return f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"

    @property
    def webhooks(self) -> str:
        """Where notifications are sent to."""
        return f"{self.address}/webhooks"

    @property
    def faults(self) -> Faults:
        """The faults, to set."""
        return self._desk.faults

    @property
    def inbox(self) -> Inbox:
        """The inbox."""
        return self._desk.inbox

    @property
    def log(self) -> Log:
        """The log of requests."""
        return self._desk.log

    @property
    def known(self) -> Known:
        """The known subscriptions."""
        return self._desk.known

    @property
    def rejections(self) -> Rejections:
        """The rejected changes of quantity."""
        return self._desk.rejections

    async def __aenter__(self) -> Self:
        try:
            self._socket = socket.create_server((LOOPBACK, self._port))
        except OSError as error:
            await self._desk.gateway.close()
            # Not strerror, which repeats the port here.
            reason = os.strerror(error.errno or 0)
            raise CannotServe(
                f"Port {self._port} cannot be used ({reason}): stop the program that uses it, or choose another "
                "with --port; 0 takes any free port."
            ) from None
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        self._rejecting = asyncio.create_task(self._desk.rejections.send())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._serving is not None
        assert self._rejecting is not None
        self._desk.closing.set()
        self._rejecting.cancel()
        self._server.should_exit = True
        await asyncio.gather(self._serving, self._rejecting, return_exceptions=True)
        await self._desk.gateway.close()
        if self._socket is not None:
            self._socket.close()

    def _hang_up(self, scope: Scope) -> None:
        # ASGI has no way to do this.
        for connection in list(self._server.server_state.connections):
            if getattr(connection, "client", None) == tuple(scope["client"]):
                connection.transport.abort()


class _Unsignalled(uvicorn.Server):
    """Does not handle signals: they belong to the program."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
