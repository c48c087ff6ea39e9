"""Ids for a shell that completes a word: a few, read at once, and never an error."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import check_schema
from activities.adapters.sql.search import ids_beginning
from activities.errors import WorldError
from activities.found import Noun
from activities.settings import Settings, SettingsFault

MOST = 50
"""How many ids of a noun are offered; more letters make them fewer."""
BUSY = timedelta(milliseconds=500)
"""How long a locked database is waited for."""


def offered_ids(nouns: Iterable[str], beginning: str) -> list[str]:
    """The ids of these nouns that begin so, of the configured books; none where those cannot be read."""
    try:
        return asyncio.run(_read(Settings.load(), nouns, beginning))
    except (SettingsFault, WorldError):
        # What is printed now would stand in the line that somebody types.
        return []


async def _read(settings: Settings, nouns: Iterable[str], beginning: str) -> list[str]:
    async with Database(settings.database_url, busy_timeout=BUSY) as database:
        await check_schema(database)
        found = [await database.read(ids_beginning, Noun(noun), beginning, MOST) for noun in nouns]
    return [each for ids in found for each in ids]
