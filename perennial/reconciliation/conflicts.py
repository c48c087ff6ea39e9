"""Effects that the books know with other content: what an operator sees of them, and how they are settled (REP-1)."""

from domain.conflict import Conflict, SettleConflict
from perennial.sources.sources import Sources


class Conflicts:
    """Of subscriptions and of customers' accounts. Raises CallError and ServerUnreachable."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def of_subscription(self, subscription_id: str) -> Conflict | None:
        """The conflict that the subscription waits with; None if there is none."""
        return (await (await self._sources.server()).subscriptions.details(subscription_id)).conflict

    async def of_account(self, customer_id: str) -> Conflict | None:
        """The conflict that the customer's account waits with; None if there is none."""
        return (await (await self._sources.server()).accounts.details(customer_id)).conflict

    async def settle_of_subscription(self, subscription_id: str, request: SettleConflict) -> str:
        """Settle it; the choice is in the journal when this returns. Raises Rejected where it is not allowed."""
        return await (await self._sources.server()).subscriptions.settle(subscription_id, request)

    async def settle_of_account(self, customer_id: str, request: SettleConflict) -> str:
        """Settle it; the choice is in the journal when this returns. Raises Rejected where it is not allowed."""
        return await (await self._sources.server()).accounts.settle(customer_id, request)
