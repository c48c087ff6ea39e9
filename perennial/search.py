"""Search everything that has an id or a name."""

from activities.found import Found
from domain.values import readable
from perennial.sources.sources import Sources

LONGEST_TEXT = 100


class Search:
    """Searches the books alone. Raises BooksUnavailable and SchemaMismatch."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def find(self, text: str, limit: int = 10) -> Found:
        """Customers, subscriptions, invoices and orders whose ids or names have the text, at most `limit` of each.

        The text is 1 to `LONGEST_TEXT` printable characters. Raises ValueError otherwise.
        """
        if not 1 <= len(text) <= LONGEST_TEXT:
            raise ValueError(f"takes 1 to {LONGEST_TEXT} characters")
        wanted = readable(text)
        return await (await self._sources.books()).search.find(wanted, limit)
