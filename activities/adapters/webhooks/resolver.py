"""Resolve host names with the system's resolver, in threads."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

THREADS = 32
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns every address of a host, for TCP to that port. Raises OSError or UnicodeError."""


class SystemResolver:
    """Asks the system at every attempt; answers are not cached.

    Concurrent requests for the same name share one lookup, so that a name whose servers hang blocks one thread.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="resolve")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses in the system's order. Raises OSError or UnicodeError."""
        key = host, port
        asked = self._asked.get(key)
        if asked is None:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
            self._asked[key] = asked
            asked.add_done_callback(lambda _: self._asked.pop(key, None))
        # A caller that is cancelled does not cancel the lookup for the others.
        return await asyncio.shield(asked)

    def close(self) -> None:
        """Stop looking up. Threads that hang are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
