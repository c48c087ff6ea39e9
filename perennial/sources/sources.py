"""What every use case is given: a server and the books, each opened when it is first needed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, Self, TypeVar

from activities.provisioning.door import Visits
from perennial.sources.books import Books
from perennial.sources.server import Server

T = TypeVar("T")


class Once(Generic[T]):
    """Calls `open` when the value is first asked for, and keeps it. An error is raised again at the next call."""

    def __init__(self, open_: Callable[[], Awaitable[T]]) -> None:
        self._open = open_
        self._lock = asyncio.Lock()
        self._value: T | None = None

    async def __call__(self) -> T:
        """The value. Raises what `open` raises."""
        async with self._lock:
            if self._value is None:
                self._value = await self._open()
            return self._value


class Sources:
    """`await sources.server()` and `await sources.books()`; a use case asks only for what it needs.

    So a program that only reads SQL needs no server, and one that only sends commands needs no database. `visits`
    asks the tenant service who can sign in; `now` is the wall clock.
    """

    def __init__(
        self,
        open_server: Callable[[], Awaitable[Server]],
        open_books: Callable[[], Awaitable[Books]],
        visits: Callable[[str], Awaitable[Visits]],
        now: Callable[[], datetime],
    ) -> None:
        self.server = Once(open_server)
        self.books = Once(open_books)
        self.visits = visits
        self.now = now

    @classmethod
    def of(
        cls, server: Server, books: Books, visits: Callable[[str], Awaitable[Visits]], now: Callable[[], datetime]
    ) -> Self:
        """Of a server and books that are open already."""

        async def the_server() -> Server:
            return server

        async def the_books() -> Books:
            return books

        return cls(the_server, the_books, visits, now)
