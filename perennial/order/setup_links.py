"""Issue set-up links for buyers, and resolve their tokens for publishers (ISV-1, ISV-3)."""

from domain.ordering.setup_link import Resolved, SetupLink
from perennial.sources.sources import Sources


class SetupLinks:
    """The links with which buyers complete a set-up at its publisher."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def issue(self, subscription_id: str) -> SetupLink:
        """Issue a new link for the subscription, valid for 24 hours. Earlier ones stay valid until they expire.

        Raises TokenRefused if the subscription is unknown, needs no set-up (ISV-5), or the catalog has no address.
        """
        books = await self._sources.books()
        return await books.setup_links.issue(subscription_id, self._sources.now())

    async def resolve(self, token: str) -> Resolved:
        """Return the purchase that the token stands for, in whatever state it is. Raises TokenRefused."""
        books = await self._sources.books()
        return await books.setup_links.resolve(token, self._sources.now())
