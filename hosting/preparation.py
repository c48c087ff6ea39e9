"""The parts of a server and a database that workers need, for `setup` and for a worker's start."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from activities.adapters.sql.database import Database
from activities.adapters.sql.revision import HEAD
from activities.adapters.sql.schema import check_schema, upgrade
from activities.errors import SchemaMismatch
from activities.settings import Settings
from hosting.nexus.endpoint import EndpointsUnseen, endpoint_target, prepare_endpoint
from hosting.sql_books import opened_books
from hosting.temporal import by_hand
from hosting.temporal.errors import HostingError, NamespaceNotReady
from hosting.temporal.namespace import (
    create_namespace,
    described,
    environment_of,
    kept,
    mark_for_tests,
    not_ready,
    raise_retention,
)
from hosting.temporal.search_attributes import missing_search_attributes, register_search_attributes
from perennial.deployment.preparation import Part, PartName, Seen
from workflows.calls.test_clocks import can_skip_time, is_for_tests
from workflows.durable import search_attributes

RETENTION = timedelta(days=30)
"""How long ended workflows are kept. Later, ended subscriptions are read from SQL."""
NEXUS_ENDPOINT = "perennial"
"""The endpoint by which workflows elsewhere call the Nexus service, where no other name is given."""
OF_NAMESPACE = frozenset({PartName.NAMESPACE})


Connect = Callable[[], Awaitable[Client]]
"""The connection, opened when a part first needs it."""


def all_parts(
    settings: Settings,
    connect: Connect,
    endpoint: str = NEXUS_ENDPOINT,
    *,
    adopt: bool = False,
    for_tests: bool = False,
) -> list[Part]:
    """What `setup` prepares: what workers need, and the Nexus endpoint of that name, which only callers by Nexus need.

    Books that belong to another server are moved to this one only by `adopt`, and the namespace takes test clocks only
    after `for_tests`. A server that cannot be reached keeps
    nobody from preparing the database.
    """
    return [
        *server_parts(connect),
        *([clocks_part(connect)] if for_tests else []),
        endpoint_part(connect, endpoint, settings.task_queue),
        database_part(settings, connect, adopt=adopt),
        environment_part(settings, connect, adopt=adopt),
    ]


def clocks_part(server: Client | Connect) -> Part:
    """That the namespace takes test clocks."""
    connect = _connected(server)

    async def mark() -> None:
        await mark_for_tests(await connect())

    return Part(PartName.TEST_CLOCKS, lambda: _tests(connect), mark, OF_NAMESPACE)


def server_parts(server: Client | Connect) -> list[Part]:
    """What workers need of the server."""
    connect = _connected(server)

    async def create() -> None:
        await create_namespace(await connect(), RETENTION)

    async def keep() -> None:
        await raise_retention(await connect(), RETENTION)

    async def register() -> None:
        await register_search_attributes(await connect(), search_attributes.ALL)

    return [
        Part(PartName.NAMESPACE, lambda: _namespace(connect), create),
        Part(PartName.RETENTION, lambda: _retention(connect), keep, OF_NAMESPACE),
        Part(PartName.SEARCH_ATTRIBUTES, lambda: _attributes(connect), register, OF_NAMESPACE),
    ]


def endpoint_part(connect: Connect, name: str, task_queue: str) -> Part:
    """The Nexus endpoint. One that leads elsewhere is somebody else's, and is left alone."""

    async def create() -> None:
        await prepare_endpoint(await connect(), name, task_queue)

    return Part(PartName.NEXUS_ENDPOINT, lambda: _endpoint(connect, name, task_queue), create, OF_NAMESPACE)


def database_part(settings: Settings, connect: Connect, *, adopt: bool) -> Part:
    """The database with this program's tables. One that belongs to another server is not even upgraded."""

    async def create() -> None:
        ours = None
        with suppress(HostingError):
            ours = None if adopt else await environment_of(await connect())
        await upgrade(settings.database_url, ours=ours)

    return Part(PartName.DATABASE, lambda: _database(settings), create)


def _connected(server: Client | Connect) -> Connect:
    if not isinstance(server, Client):
        return server

    async def connect() -> Client:
        return server

    return connect


def environment_part(settings: Settings, connect: Connect, *, adopt: bool) -> Part:
    """The books know the server and the namespace that they belong to."""

    async def enter() -> None:
        async with opened_books(settings) as books:
            ours = await environment_of(await connect())
            await (books.environment.adopt(ours) if adopt else books.environment.claim(ours))

    needed = frozenset({PartName.NAMESPACE, PartName.DATABASE})
    return Part(PartName.ENVIRONMENT, lambda: _environment(settings, connect, adopt=adopt), enter, needed)


async def _namespace(connect: Connect) -> Seen:
    client = await connect()
    if await described(client) is None:
        words = f"Namespace {client.namespace!r} does not exist"
        return Seen(ready=False, words=words, by_hand=by_hand.create_namespace(client, RETENTION))
    return Seen(ready=True, words=client.namespace)


async def _retention(connect: Connect) -> Seen:
    client = await connect()
    found = await kept(client)
    if found < RETENTION:
        needed = f"Perennial needs {_days(RETENTION)}"
        words = f"Namespace {client.namespace!r} keeps ended workflows for {_days(found)}, {needed}"
        return Seen(ready=False, words=words, by_hand=by_hand.keep_longer(client, RETENTION))
    return Seen(ready=True, words=_days(found))


async def _attributes(connect: Connect) -> Seen:
    client, wanted = await connect(), search_attributes.ALL
    if missing := await missing_search_attributes(client, wanted):
        names = ", ".join(f"{key.name} ({by_hand.type_of(key)})" for key in missing)
        words = f"Namespace {client.namespace!r} lacks the search attributes {names}"
        return Seen(ready=False, words=words, by_hand=by_hand.create_attributes(client, missing))
    return Seen(ready=True, words=f"{len(wanted)} of {len(wanted)}")


async def _endpoint(connect: Connect, name: str, task_queue: str) -> Seen:
    client = await connect()
    try:
        target = await endpoint_target(client, name)
    except EndpointsUnseen as error:
        # Workers do not need it: those who may not see it are not told for ever that it is missing.
        return Seen(ready=True, words=f"not seen: {error}; only callers by Nexus need it")
    if target is None:
        words = f"The server has no Nexus endpoint {name!r}"
        return Seen(ready=False, words=words, by_hand=by_hand.create_endpoint(client, name, task_queue))
    if target != (client.namespace, task_queue):
        raise NamespaceNotReady(
            f"The Nexus endpoint {name!r} leads to task queue {target[1]!r} of namespace {target[0]!r}, so it is "
            "somebody else's: give yours another name."
        )
    return Seen(ready=True, words=name)


async def _tests(connect: Connect) -> Seen:
    client = await connect()
    try:
        skips, marked = await can_skip_time(client), await is_for_tests(client)
    except RPCError as error:
        raise not_ready(client, "does not say whether it takes test clocks", error) from None
    if not skips:
        address = client.service_client.config.target_host
        raise NamespaceNotReady(
            f"The Temporal server at {address} cannot skip time, so it takes no test clocks: use the embedded one."
        )
    if not marked:
        words = f"Namespace {client.namespace!r} is not marked for tests"
        return Seen(ready=False, words=words, by_hand=by_hand.mark_for_tests(client))
    return Seen(ready=True, words="allowed")


async def _database(settings: Settings) -> Seen:
    async with Database(settings.database_url, busy_timeout=settings.busy_timeout) as database:
        try:
            await check_schema(database)
        except SchemaMismatch as error:
            return Seen(ready=False, words=error.message)
    return Seen(ready=True, words=f"{settings.books_place}, revision {HEAD}")


async def _environment(settings: Settings, connect: Connect, *, adopt: bool) -> Seen:
    ours = await environment_of(await connect())
    async with opened_books(settings) as books:
        theirs = await books.environment.current()
        if theirs is None:
            return Seen(ready=False, words="The books belong to no server yet")
        if adopt and not theirs.is_that_of(ours):
            return Seen(ready=False, words=f"The books belong to {theirs}")
        await books.environment.require(ours)
    return Seen(ready=True, words=str(ours))


def _days(time: timedelta) -> str:
    number = time / timedelta(days=1)
    return f"{number:g} day{'' if number == 1 else 's'}"
