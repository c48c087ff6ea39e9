"""Publishers as an operator gives them: their entries in the catalog, and their secrets beside it, by name."""

from datetime import UTC, datetime

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.notifications.publishers import Endpoint, Publishers, Secrets
from activities.settings import Settings
from domain.catalog.catalog import Contents
from domain.catalog.publishers import Delivery, ListedPublisher
from hosting.assembly import prepare_files


def names(endpoint: Endpoint) -> tuple[str, ...]:
    """The names of the endpoint's secrets."""
    return tuple(f"{endpoint.id}-{number}" for number in range(1, len(endpoint.secrets) + 1))


def entry(endpoint: Endpoint, *, active: bool = True) -> ListedPublisher:
    """The endpoint as the catalog lists it."""
    plain = {name: getattr(endpoint, name) for name in Delivery.model_fields}
    return ListedPublisher(**plain, secrets=names(endpoint), active=active)


def secrets_of(publishers: Publishers) -> Secrets:
    """The secrets that the entries of these publishers name."""
    pairs = (pair for each in publishers.publishers for pair in zip(names(each), each.secrets, strict=True))
    return Secrets(dict(pairs))


async def list_publishers(database: Database, publishers: Publishers, *, active: bool = True) -> None:
    """Import the publishers' entries into the catalog."""
    contents = Contents(publishers=tuple(entry(each, active=active) for each in publishers.publishers))
    await SqlCatalog(database).import_contents(contents, "a test", datetime.now(UTC))


async def listed_in(settings: Settings, publishers: Publishers) -> Secrets:
    """Import the publishers into the settings' books; their secrets, for a worker."""
    await prepare_files(settings)
    async with Database(settings.database_url) as database:
        await list_publishers(database, publishers)
    return secrets_of(publishers)
