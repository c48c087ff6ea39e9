"""Which signed requests publishers have sent us lately: each is taken once."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from activities.adapters.sql.database import Database
from activities.adapters.sql.tables.notifications import publisher_request


class SqlPublisherRequests:
    """The book of request ids. Raises BooksUnavailable or SchemaMismatch."""

    def __init__(self, database: Database, kept: timedelta) -> None:
        """`kept` is how long an id is remembered: as long as a request that bears it can be fresh."""
        self._database = database
        self._kept = kept

    async def take(self, publisher: str, request_id: str, at: datetime) -> bool:
        """Whether this is the first request of the publisher under that id. Of several at once it is true for one."""
        return await self._database.write(_take, publisher, request_id, at, at - self._kept)


def _take(connection: Connection, publisher: str, request_id: str, at: datetime, oldest: datetime) -> bool:
    connection.execute(delete(publisher_request).where(publisher_request.c.at < oldest))
    key = (publisher_request.c.publisher == publisher) & (publisher_request.c.request_id == request_id)
    # Writers take turns, so nobody comes between the look and the insert.
    if connection.scalar(select(publisher_request.c.at).where(key)) is not None:
        return False
    connection.execute(insert(publisher_request).values(publisher=publisher, request_id=request_id, at=at))
    return True
