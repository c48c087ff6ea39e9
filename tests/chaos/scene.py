"""Where one canonical life is lived: a server, books and workers of its own; and what `check` and `reconcile` say."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.client import Client

from activities.adapters.sql.account.auditor import SqlAccountAuditor
from activities.adapters.sql.database import Database
from activities.adapters.sql.subscription.auditor import SqlAuditor
from activities.adapters.tenants.visits import visits
from activities.settings import Settings
from activities.wall_clock import wall_clock
from perennial.reconciliation.reconciliation import Reconciliation
from perennial.sources.sources import Sources
from tests.support.live.outside import FromOutside
from tests.support.live.patience import patiently, seen_patiently
from tests.support.publisher.endpoint import Endpoint


@dataclass(frozen=True)
class Scene:
    """A life's surroundings. `id` is the life's own; `endpoint` is the publisher contoso's."""

    id: str
    settings: Settings
    client: Client
    database: Database
    endpoint: Endpoint
    world: FromOutside

    @classmethod
    def of(cls, each: str, settings: Settings, client: Client, database: Database, endpoint: Endpoint) -> "Scene":
        world = seen_patiently(client, settings.task_queue, database)
        return cls(each, settings, client, database, endpoint, world)

    async def verdict(self, ids: Sequence[str]) -> list[str]:
        """What is wrong by `check`, with everything in the books, and by `reconcile`, with these ids."""
        return [*await checked(self.database), *await self._reconciled(ids)]

    @property
    def sources(self) -> Sources:
        """What the use cases work with here."""
        world, settings = self.world, self.settings
        return Sources.of(world.server, world.books, lambda tenant: visits(settings, tenant), wall_clock)

    async def _reconciled(self, ids: Sequence[str]) -> list[str]:
        report = await patiently(lambda: Reconciliation(self.sources).run(ids))
        return [f"reconcile: {finding.id} {finding.kind}: {finding.words}" for finding in report.findings]


async def checked(database: Database) -> list[str]:
    """What `perennial check` would find."""
    found: list[str] = []
    auditor, accounts, after = SqlAuditor(database), SqlAccountAuditor(database), None
    while page := await auditor.page(after=after):
        for life in page:
            found += [f"check: {life.subscription_id}: {violation}" for violation in life.violations]
            if not life.access_confirmed:
                found.append(f"check: {life.subscription_id}: access is not confirmed")
        after = page[-1].subscription_id
    after = None
    while audited := await accounts.page(after=after):
        found += [f"check: {each.customer_id}: {violation}" for each in audited for violation in each.violations]
        after = audited[-1].customer_id
    return [*found, *(f"check: {gap}" for gap in await accounts.series())]
