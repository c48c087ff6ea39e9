"""Names become addresses by the system's resolver, in threads of its own."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

THREADS = 32
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every address of a host, for TCP to that port. Raises OSError, UnicodeError."""


class SystemResolver:
    """The system's answers, never kept: the next try asks again.

    Whoever asks for a name that is being asked for joins in, so that a name whose servers hang costs one thread.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="resolve")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses in the system's order. Raises OSError, UnicodeError."""
        key = host, port
        asked = self._asked.get(key)
        if asked is None:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
            self._asked[key] = asked
            asked.add_done_callback(lambda _: self._asked.pop(key, None))
        # Whoever gives up leaves the others their answer.
        return await asyncio.shield(asked)

    def close(self) -> None:
        """Ask no more; a thread that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
