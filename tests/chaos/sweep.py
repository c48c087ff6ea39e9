"""Every activity call of the canonical lives, struck at every stage in every way: `python -m tests.chaos.sweep`.

Each life is lived once without a fault, and the places that its calls reach are written down. Then it is lived once
for each place and kind of fault, on books and workers of its own. The exit code is 1 if a life differs from the
simulator's, `check` or `reconcile` finds something, or a place is not reached.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from activities.adapters.sql.database import Database
from activities.adapters.sql.schema import upgrade
from activities.settings import LOOPBACK
from hosting.assembly import prepare_namespace
from hosting.embedded.server import EmbeddedServer
from hosting.temporal.connection import connect_to
from tests.chaos.faults import Kind, Point, Stage
from tests.chaos.lives import LIVES, Life
from tests.chaos.scene import Scene
from tests.chaos.worker import Faults, WorkerOrder, lively
from tests.chaos.zygote import Workers, Zygote
from tests.support.publisher.endpoint import SECRET, Endpoint

PATIENCE = timedelta(seconds=100)
"""For one life with its fault; a kill costs some seconds."""
TRIES = 3
"""How often a life is lived until its fault's place is reached: what runs at once is not always in the same order."""
RAM = Path("/dev/shm")
EVERY = 15
"""Seconds between two lines of progress."""


@dataclass(frozen=True)
class Case:
    """A fault at a place of a life."""

    life: Life
    point: Point
    kind: Kind

    def __str__(self) -> str:
        write = f" {self.point.write}" if self.point.write else ""
        return f"{self.life.name}: {self.kind} {self.point.stage}{write} of {self.point.activity} {self.point.number}"


@dataclass(frozen=True)
class Trial:
    """What became of a case: whether its place was reached, and what was wrong afterwards."""

    case: Case
    hit: bool
    problems: Sequence[str]
    seconds: float

    @property
    def passed(self) -> bool:
        return self.hit and not self.problems


@dataclass
class Stand:
    """Where the lives are lived: one server, and for each life a template of its books."""

    folder: Path
    client: Client
    address: str
    zygote: Zygote
    endpoint: Endpoint
    count: int = 0

    async def prepare(self, life: Life) -> None:
        """Make the template: an empty database with what the life needs in it."""
        url = _url(self._template(life))
        await upgrade(url)
        async with Database(url) as database:
            await life.prepare(database, self.endpoint)

    async def places(self, life: Life) -> list[Point]:
        """Live it without a fault. Raises AssertionError if even that goes wrong."""
        directory, problems = await self._live(life, lambda directory: Faults(str(directory / "places")))
        assert not problems, f"{life.name} without a fault: {'; '.join(problems)}"
        lines = (directory / "places").read_text().splitlines()
        found = dict.fromkeys(Point.of(json.loads(line)) for line in lines)
        return [each for each in found if each.number]

    async def attempt(self, case: Case) -> Trial:
        """Live it with the fault, again where the place was not reached."""
        began = time.monotonic()
        for _ in range(TRIES):
            directory, problems = await self._live(
                case.life, lambda directory: Faults(str(directory / "hit"), case.point, case.kind)
            )
            hit = (directory / "hit").exists()
            if hit or problems:
                break
        if hit and not problems:
            await asyncio.to_thread(shutil.rmtree, directory)
        return Trial(case, hit, problems, time.monotonic() - began)

    async def _live(self, life: Life, faults: Callable[[Path], Faults]) -> tuple[Path, list[str]]:
        self.count += 1
        name = f"{life.name}-{self.count:04}"
        directory = self.folder / name
        directory.mkdir()
        await asyncio.to_thread(shutil.copy, self._template(life), directory / "perennial.db")
        secrets = directory / "secrets.yaml"
        secrets.write_text(f"contoso-1: {SECRET}\n")
        url = _url(directory / "perennial.db")
        order = WorkerOrder(self.address, name, str(directory), url, faults(directory), str(secrets))
        async with Database(url) as database, Workers(self.zygote, order).running():
            scene = Scene.of(name, order.settings, self.client, database, self.endpoint)
            try:
                async with asyncio.timeout(PATIENCE.total_seconds()):
                    return directory, await life.live(scene)
            except Exception as error:  # noqa: BLE001 - whatever a life ends by is a finding
                return directory, [f"{type(error).__name__}: {error}"]

    def _template(self, life: Life) -> Path:
        return self.folder / f"{life.name}.db"


@asynccontextmanager
async def standing() -> AsyncIterator[Stand]:
    """A server, the process that forks workers, and a publisher; their files are on a RAM disk, and go afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="perennial-sweep-", dir=RAM if RAM.is_dir() else None))
    failed = False
    try:
        with lively():
            async with EmbeddedServer(folder / "server") as server, Zygote() as zygote, Endpoint() as endpoint:
                assert server.address.startswith(LOOPBACK)
                client = await connect_to(server.address)
                await prepare_namespace(client)
                yield Stand(folder, client, server.address, zygote, endpoint)
    except BaseException:
        failed = True
        raise
    finally:
        if failed:
            sys.stderr.write(f"the files are in {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def swept(
    stand: Stand, lives: Sequence[Life], *, every: int = 1, first: int = 0, at_once: int = 4
) -> AsyncIterator[Trial]:
    """Each `every`th case of the lives, from the `first` on; some at once."""
    cases: list[Case] = []
    for life in lives:
        await stand.prepare(life)
    for life, places in zip(lives, await asyncio.gather(*(stand.places(life) for life in lives)), strict=True):
        cases += [Case(life, point, kind) for point in places for kind in Kind]
    waiting: asyncio.Queue[Case] = asyncio.Queue()
    for case in cases[first::every]:
        waiting.put_nowait(case)
    count, done = waiting.qsize(), asyncio.Queue[Trial]()

    async def attempts() -> None:
        while not waiting.empty():
            done.put_nowait(await stand.attempt(waiting.get_nowait()))

    working = [asyncio.create_task(attempts()) for _ in range(at_once)]
    try:
        for _ in range(count):
            yield await done.get()
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


def table(trials: Sequence[Trial]) -> Iterator[str]:
    """A line for each activity of each life: of the struck places of each stage and kind, how many passed."""
    of: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        of[trial.case.life.name, trial.case.point.activity].append(trial)
    columns = [(stage, kind) for stage in Stage for kind in Kind]
    yield f"{'life':<13}{'activity':<24}{'calls':>6}" + "".join(f"{stage:>24}" for stage in Stage)
    yield f"{'':<43}" + "".join(f"{kind:>8}" for _, kind in columns)
    for (life, activity), found in sorted(of.items()):
        calls = len({trial.case.point.number for trial in found})
        line = f"{life:<13}{activity:<24}{calls:>6}"
        for stage, kind in columns:
            struck = [trial for trial in found if trial.case.point.stage == stage and trial.case.kind == kind]
            passed = sum(trial.passed for trial in struck)
            line += f"{f'{passed}/{len(struck)}' if struck else '-':>8}"
        yield line


async def sweep(given: argparse.Namespace) -> int:
    """Sweep and print."""
    lives = [life for life in LIVES if not given.life or life.name in given.life]
    began, last, trials = time.monotonic(), time.monotonic(), list[Trial]()
    async with standing() as stand:
        async for trial in swept(stand, lives, every=given.every, first=given.first, at_once=given.at_once):
            trials.append(trial)
            if not trial.passed:
                words = "; ".join(trial.problems) or "was never reached"
                sys.stderr.write(f"FAILED {trial.case}: {words}\n")
            if time.monotonic() - last > EVERY:
                last = time.monotonic()
                sys.stderr.write(f"{len(trials)} places struck in {last - began:,.0f} s\n")
    for line in table(trials):
        sys.stdout.write(f"{line}\n")
    outcomes = Counter("passed" if trial.passed else "failed" if trial.problems else "missed" for trial in trials)
    seconds = time.monotonic() - began
    slowest = max(trials, key=lambda trial: trial.seconds)
    sys.stdout.write(f"{len(trials)} faults in {seconds:,.0f} s: {dict(outcomes)}; slowest {slowest.case}, ")
    sys.stdout.write(f"{slowest.seconds:.1f} s\n")
    return 0 if outcomes["passed"] == len(trials) else 1


def _url(file: Path) -> str:
    return f"sqlite:///{file}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.sweep", description=__doc__)
    names = [life.name for life in LIVES]
    parser.add_argument("--life", action="append", choices=names, help="a life; repeat it (default: all)")
    parser.add_argument("--every", type=int, default=1, help="strike each so manyth place only (default: 1)")
    parser.add_argument("--first", type=int, default=0, help="begin with this place (default: 0)")
    parser.add_argument("--at-once", type=int, default=4, help="lives at once (default: 4)")
    return asyncio.run(sweep(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
