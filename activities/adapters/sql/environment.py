"""The port `EnvironmentBook` in SQL."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, insert, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.environment import environment
from activities.environment import Environment, OthersBooks


class SqlEnvironment:
    """The port."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def current(self) -> Environment | None:
        found = await self._database.read(_last)
        return found and found[1]

    async def require(self, ours: Environment) -> None:
        await self._database.read(refuse_others, self._database.place, ours)

    async def claim(self, ours: Environment) -> None:
        if await self.current() is None:
            await self._database.write(_enter, ours, self._now(), only_first=True)
        # Last, since another server may have been the first in the meantime.
        await self.require(ours)

    async def adopt(self, ours: Environment) -> None:
        await self._database.write(_enter, ours, self._now(), only_first=False)


def refuse_others(connection: Connection, place: str, ours: Environment) -> None:
    """Raise OthersBooks if the books belong to another environment; `place` is how people know the database."""
    last = _last(connection)
    if last is not None and not last[1].is_that_of(ours):
        raise OthersBooks(place, last[1], ours)


def _last(connection: Connection) -> tuple[int, Environment] | None:
    entry = connection.execute(select(environment).order_by(environment.c.number.desc()).limit(1)).one_or_none()
    return None if entry is None else (entry.number, Environment(entry.namespace_id, entry.namespace, entry.address))


def _enter(connection: Connection, ours: Environment, now: datetime, *, only_first: bool) -> None:
    last = _last(connection)
    if last is not None and (only_first or last[1].is_that_of(ours)):
        return
    entry = {"namespace_id": ours.namespace_id, "namespace": ours.namespace, "address": ours.address, "since": now}
    connection.execute(insert(environment).values(number=last[0] + 1 if last else 1, **entry))
