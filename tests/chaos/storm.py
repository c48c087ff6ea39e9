"""A storm: lives from a seed, lived on one server and one database while both and the workers are harmed."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from activities.adapters.sql.catalog.catalog import SqlCatalog
from activities.adapters.sql.database import Database
from activities.adapters.sql.notifications.notifications import SqlNotifications
from activities.adapters.sql.schema import upgrade
from domain.notification import NotificationStatus
from hosting.assembly import prepare_namespace
from hosting.embedded.ports import free_ports
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from statemachines.simulation.course import simulate
from tests.chaos.faults import hits_of
from tests.chaos.harm.databases import Books, PostgresBooks, SqliteBooks
from tests.chaos.harm.weather import BUILDS, Builds, Moods, Weather
from tests.chaos.lives import EAGER, different
from tests.chaos.plans import TOLD_OFFER, YEAR, Planned, lives
from tests.chaos.result import SLEPT, TWICE, Result, Wanted
from tests.chaos.scene import Scene
from tests.chaos.stubborn import StubbornRun, seen_stubbornly, stubbornly
from tests.chaos.worker import Faults, WorkerOrder, lively
from tests.chaos.zygote import Workers, Zygote
from tests.support.live.builds import DEPLOYMENT
from tests.support.live.outside import FromOutside
from tests.support.publisher.endpoint import SECRET, Endpoint, publishers_at
from tests.support.publisher.imported import list_publishers
from tests.support.shop.live import imported
from tests.support.shop.offers import listed
from workflows.calls.versions import Versions

QUEUE = "storm"
RAM = Path("/dev/shm")
LIFE_SECONDS = 600.0
"""For one life in a storm."""
LONGER = 4
"""So many times as long does a storm last at most in which a disaster has not happened yet."""
EVERY = 15
"""Seconds between two lines of progress."""
LOOK = 0.2
SETTLED_SECONDS = 60.0
"""After the storm, until every publisher has been told everything."""


class Storm:
    """Lives one after the other, some at once, as long as it is wanted."""

    def __init__(
        self,
        wanted: Wanted,
        result: Result,
        world: FromOutside,
        workers: Workers,
        living: set[str],
        missing: Callable[[], list[str]],
    ) -> None:
        """`missing` gives the disasters that have not happened yet."""
        self._wanted, self.result, self._world = wanted, result, world
        self._workers, self._living, self._missing = workers, living, missing
        self._plans = lives(wanted.seed, wanted.longest)
        self.told: dict[str, int] = {}
        """The last event of each life whose publisher is notified."""
        self._began = time.monotonic()

    @property
    def _over(self) -> bool:
        enough = self.result.years >= self._wanted.years and self._workers.deaths >= self._wanted.kills
        passed = time.monotonic() - self._began
        return enough or passed > (LONGER if self._missing() else 1) * self._wanted.seconds

    async def live(self, calm: Callable[[], Awaitable[None]]) -> None:
        """Live, some lives at once, until it is over; what has begun then is lived to its end in the calm."""
        async with asyncio.TaskGroup() as together:
            for _ in range(self._wanted.at_once):
                together.create_task(self._one_after_the_other())
            last = self._began
            while not self._over:
                await asyncio.sleep(LOOK)
                if time.monotonic() - last > EVERY:
                    last = time.monotonic()
                    self._say()
            await calm()

    def _say(self) -> None:
        passed, result = time.monotonic() - self._began, self.result
        words = f"{result.years:,.0f} years of {result.lives} lives, {self._workers.deaths} dead workers"
        sys.stderr.write(f"{words}, {len(result.problems)} violations in {passed:,.0f} s\n")

    async def _one_after_the_other(self) -> None:
        while not self._over:
            await self._live(next(self._plans))

    async def _live(self, planned: Planned) -> None:
        expected, run = simulate(planned.scenario).only, StubbornRun(planned, self._world)
        self._living.add(planned.id)
        try:
            async with asyncio.timeout(LIFE_SECONDS):
                story = await run.run(datetime.now(UTC))
            problems = [*different(story.document(), expected.document()), *run.differing]
        except Exception as error:  # noqa: BLE001 - whatever a life ends by is a finding
            problems = [f"{type(error).__name__}: {error}"]
        finally:
            self._living.discard(planned.id)
        for problem in problems:
            self.result.problems.append(f"{planned.id} ({planned.scenario.name}): {problem}")
            sys.stderr.write(f"WRONG: {self.result.problems[-1]}\n")
        subscription, until = expected.subscription, planned.scenario.until
        if planned.scenario.only.offer.id == TOLD_OFFER:
            self.told[planned.id] = subscription.seq
        ended = subscription.last_at if subscription.state.ended else until
        self.result.years += (ended - planned.scenario.opened_at) / YEAR
        self.result.lives += 1
        self.result.events += len(expected.events)
        commands = self.result.commands
        commands.update(planned.beside)
        commands.update({TWICE: len(planned.twice), SLEPT: planned.slept})


async def storm(wanted: Wanted, books_of: Books | None = None) -> Result:
    """Live through it, on SQLite unless other books are given, and look at what is left."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-storm-", dir=RAM if RAM.is_dir() else None))
    books = books_of or SqliteBooks(f"sqlite:///{folder / 'perennial.db'}")
    result = Result(wanted, "PostgreSQL" if isinstance(books, PostgresBooks) else "SQLite")
    secrets = folder / "secrets.yaml"
    secrets.write_text(f"contoso-1: {SECRET}\n")
    (folder / "hits").mkdir()
    await upgrade(books.url)
    port, http_port = free_ports(2)
    file = folder / "temporal.db"
    with nullcontext() if wanted.own_timeouts else lively():
        async with (
            EmbeddedServer(folder / "server", db_filename=file, port=port, http_port=http_port) as server,
            Zygote() as zygote,
            Endpoint() as endpoint,
            Database(books.url) as database,
        ):
            client = await connect_to(server.address)
            await prepare_namespace(client)
            await list_publishers(database, publishers_at(endpoint.url, contoso=EAGER))
            await imported(SqlCatalog(database), listed(id=TOLD_OFFER))
            moods = endpoint.always = Moods(wanted.seed, result.weather)
            faults = Faults(str(folder / "hits"), seed=wanted.seed, rate=wanted.rate)
            common = (server.address, QUEUE, str(folder), books.url, faults, str(secrets))
            orders = [WorkerOrder(*common, build, wanted.own_timeouts) for build in BUILDS]
            world, living = seen_stubbornly(client, QUEUE, database), set[str]()
            began = time.monotonic()
            scene = Scene(QUEUE, orders[0].settings, client, database, endpoint, world)
            async with Workers(zygote, *orders).running() as workers:
                builds = Builds(client, Versions(client, QUEUE, DEPLOYMENT))
                await stubbornly(builds.route)
                weather = Weather(wanted.seed, server, workers, books, builds, living, world.server.subscriptions)
                async with weather.raging(wanted.pause) as calm:
                    lived = Storm(wanted, result, world, workers, living, lambda: missing(weather, result))
                    await lived.live(calm)
                result.seconds, result.deaths = time.monotonic() - began, workers.deaths
                result.weather.update(weather.counts)
                moods.calm = True
                result.problems += await _afterwards(scene, lived.told)
    result.hits = hits_of(folder / "hits")
    result.first_answers = weather.first_answers
    result.missing = missing(weather, result)
    if not result.problems:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        result.problems.append(f"the files are in {folder}")
    return result


def missing(weather: Weather, result: Result) -> list[str]:
    """The disasters that have not happened; the publisher's are counted in the result."""
    return sorted(name for name in weather.names if not (weather.counts[name] or result.weather[name]))


async def _afterwards(scene: Scene, told: dict[str, int]) -> list[str]:
    """What is wrong when it is quiet again: what publishers were told, and what `check` and `reconcile` find."""
    notices, latest = SqlNotifications(scene.database), time.monotonic() + SETTLED_SECONDS
    while NotificationStatus.WAITING in (counts := await stubbornly(notices.counts)) and time.monotonic() < latest:
        await asyncio.sleep(0.2)
    found = [f"notifications: {counts}"] if set(counts) - {NotificationStatus.DELIVERED} else []
    for each, last in told.items():
        taken = list(dict.fromkeys(scene.endpoint.taken(each)))
        if taken != list(range(1, last + 1)):
            found.append(f"{each}: its publisher was told {taken}, expected 1 to {last}")
    return [*found, *await stubbornly(lambda: scene.verdict([]))]
