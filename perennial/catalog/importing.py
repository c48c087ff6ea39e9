"""Import catalog contents, and send the prices that changed to the subscriptions they concern (BUY-5)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from activities.prices.contracts import AffectedInput, Told
from domain.catalog.catalog import Contents
from domain.catalog.changes import Imported
from perennial.sources.sources import Sources
from workflows.price_changes.messages import PriceProgress

Watch = Callable[[int, PriceProgress], None]


@dataclass(frozen=True)
class ImportPreview:
    """What an import would change in the catalog, whose version is now `version` (0 while it is empty).

    Its new prices would be sent to `concerned` subscriptions.
    """

    version: int
    imported: Imported
    concerned: int

    @property
    def costs(self) -> bool:
        """Whether somebody who has subscribed would pay more."""
        return bool(self.concerned) and any(price.difference > 0 for price in self.imported.changes.prices)


class CatalogImport:
    """Imports into the catalog."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def check(self, contents: Contents) -> ImportPreview:
        """Check the contents and preview their import. Writes nothing. Raises ImportRefused with every fault."""
        books = await self._sources.books()
        imported = await books.catalog.preview(contents, self._sources.now())
        version = await books.catalog.version()
        concerned = await books.prices.concerned(imported.changes.repriced)
        return ImportPreview(version.number if version else 0, imported, concerned)

    async def run(self, contents: Contents, source: str) -> Imported:
        """Import all of the contents in one transaction; `source` says where they come from, for the record.

        The new prices are not sent yet: see `unsent_prices`. Raises ImportRefused with every fault.
        """
        books = await self._sources.books()
        return await books.catalog.import_contents(contents, source, self._sources.now())

    async def unsent_prices(self) -> dict[int, int]:
        """Return the catalog versions whose new prices were not sent to all subscriptions, with how many they concern.

        The oldest comes first. A version that concerns no subscription is marked as sent and left out.
        """
        books = await self._sources.books()
        found: dict[int, int] = {}
        for version in await books.catalog.versions_to_send():
            page = await books.prices.affected(AffectedInput(version=version, limit=1))
            if page.total:
                found[version] = page.total
            else:
                await books.prices.note_all_sent(version)
        return found

    async def send_prices(self, versions: Iterable[int]) -> None:
        """Have the server send the prices of these versions. Raises NotAnswered."""
        server = await self._sources.server()
        for version in versions:
            await server.prices.tell(version)

    async def prices_sent(self, versions: Iterable[int], watch: Watch = lambda _, __: None) -> Told:
        """Wait until the prices of these versions have been sent, and return what came of it.

        `watch` is called with a version and its progress. Raises WorkflowFailed and NotAnswered.
        """
        server = await self._sources.server()
        told = Told()
        for version in versions:
            progress = await server.prices.settled(version, lambda now, version=version: watch(version, now))  # type: ignore[misc]  # bound now
            told += progress.told
        return told
