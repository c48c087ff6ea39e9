"""Rows of many ids: databases limit how many ids one statement takes."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, Select

AT_ONCE = 500
"""Ids per statement."""


def by_ids(
    connection: Connection, wanted: Select[Any], column: Column[Any], keys: Collection[str]
) -> Iterator[RowMapping]:
    """The rows whose column has one of the keys."""
    waiting = sorted(keys)
    for first in range(0, len(waiting), AT_ONCE):
        yield from connection.execute(wanted.where(column.in_(waiting[first : first + AT_ONCE]))).mappings()
