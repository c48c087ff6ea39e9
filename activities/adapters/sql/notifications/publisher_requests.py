"""The signed requests that publishers sent lately; each is accepted once."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from activities.adapters.sql import locks
from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.notifications import publisher_request


class SqlPublisherRequests:
    """Remembers the ids of requests. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database, kept: timedelta) -> None:
        """`kept` is how long an id is remembered: as long as a request with it can be recent enough to accept."""
        self._database = database
        self._kept = kept

    async def take(self, publisher: str, request_id: str, at: datetime) -> bool:
        """Whether this is the publisher's first request with that id. Of concurrent requests, one gets True."""
        its = [locks.publisher(publisher)]
        return await self._database.write_under(its, _take, publisher, request_id, at, at - self._kept)


def _take(connection: Connection, publisher: str, request_id: str, at: datetime, oldest: datetime) -> bool:
    of_it = publisher_request.c.publisher == publisher
    connection.execute(delete(publisher_request).where(of_it, publisher_request.c.at < oldest))
    # Under the publisher's lock no other request comes between the select and the insert.
    known = select(publisher_request.c.at).where(of_it, publisher_request.c.request_id == request_id)
    if connection.scalar(known) is not None:
        return False
    connection.execute(insert(publisher_request).values(publisher=publisher, request_id=request_id, at=at))
    return True
