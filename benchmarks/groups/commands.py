"""c. Commands that change something, change nothing or are refused, previews and queries, at 1, 10 and 50 at once."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks.bare.workflow import Bare
from benchmarks.report import Figure, Must, Samples, Turns, both, times_at_most
from benchmarks.scene import Bench, Cost, Scene, a_scene
from benchmarks.sides import Side
from domain.subscription.commands import ChangeQuantity, Command, Reactivate
from domain.subscription.decision import Outcome

GROUP = "c"
TITLE = "commands"
CHANGING = "changing command, against an empty update"
UNTIL_BOOKED = "a client's call until it is in the books"
CROWDS = (1, 10, 50)
"""How many clients ask at once, each another life."""
Ask = Callable[[Scene, str, int], Awaitable[None]]
"""One request to the life of that name; the number differs from one request to the next of that life."""


@dataclass(frozen=True, eq=False)
class Request:
    """A kind of request: how each side is asked, and which of its figures have to reach something."""

    name: str
    ours: Ask
    bare: Ask
    writes: bool = False
    must: dict[str, Must] = field(default_factory=dict)


class Took:
    """How long each answer of one turn took, in milliseconds, and what one cost."""

    def __init__(self, seconds: list[float], cost: Cost) -> None:
        self._sorted = sorted(second * 1000 for second in seconds)
        self.cpu = cost.each(len(seconds)).cpu

    def share(self, percent: int) -> float:
        """The percentile."""
        return self._sorted[len(self._sorted) * percent // 100]


async def _ask(scene: Scene, name: str, command: Command, outcome: Outcome, *, wait: bool = False) -> None:
    answer = await scene.ours.server.subscriptions.ask(name, command, wait=wait)
    assert answer.outcome is outcome, answer.message


async def _change(scene: Scene, name: str, number: int) -> None:
    await _ask(scene, name, ChangeQuantity(by="admin_agent", quantity=100 + number), Outcome.DONE)


async def _change_and_wait(scene: Scene, name: str, number: int) -> None:
    await _ask(scene, name, ChangeQuantity(by="admin_agent", quantity=100 + number), Outcome.DONE, wait=True)


async def _change_nothing(scene: Scene, name: str, _: int) -> None:
    await scene.ours.command(name)


async def _be_refused(scene: Scene, name: str, _: int) -> None:
    await _ask(scene, name, Reactivate(by="admin_agent"), Outcome.REFUSED)


async def _preview(scene: Scene, name: str, number: int) -> None:
    await scene.ours.server.subscriptions.preview(name, ChangeQuantity(by="admin_agent", quantity=200 + number))


async def _details(scene: Scene, name: str, _: int) -> None:
    await scene.ours.wake(name)


async def _empty_update(scene: Scene, name: str, _: int) -> None:
    await scene.bare.command(name)


async def _writing_update(scene: Scene, name: str, _: int) -> None:
    await scene.bare.handle(name).execute_update(Bare.write)


async def _bare_query(scene: Scene, name: str, _: int) -> None:
    await scene.bare.wake(name)


REQUESTS = (
    Request(
        "command that changes nothing",
        _change_nothing,
        _empty_update,
        must={"p50 at 10": times_at_most(1.3), "p99 at 10": times_at_most(1.5)},
    ),
    Request("command that is refused", _be_refused, _empty_update),
    Request(
        "changing command, against an empty update", _change, _empty_update, True, {"CPU at 10": times_at_most(2.5)}
    ),
    Request("changing command, against an update that writes", _change, _writing_update, True),
    Request(
        "a client's call until it is in the books", _change_and_wait, _writing_update, True, {"p50 at 10": Must(150)}
    ),
    Request("preview", _preview, _bare_query),
    Request("query of the details", _details, _bare_query),
)


async def measure(bench: Bench) -> list[Figure]:
    """The figures of every kind of request, for each crowd."""
    turns, figures = bench.of(1, 5), []
    for crowd in bench.of((10,), CROWDS):
        count = bench.of(60, max(50, 20 * crowd))
        async with a_scene(bench) as scene:
            # Every kind of request has lives of its own: none has more behind it than another one.
            names = {request: [f"r{kind}-{n}" for n in range(crowd)] for kind, request in enumerate(REQUESTS)}
            for side in scene.sides:
                await scene.begun(side, [name for lives in names.values() for name in lives])
            for request in REQUESTS:
                took: Turns[Took] = defaultdict(list)
                for turn in range(turns + 1):
                    for side in scene.sides:
                        found = await _asked(scene, side, request, names[request], turn * count, count)
                        took[side.name] += [found] if turn else []
                bench.say(f"commands: {request.name}, {crowd} at once")
                figures += _figures(request, crowd, took)
    return figures


async def _asked(scene: Scene, side: Side, request: Request, names: list[str], first: int, count: int) -> Took:
    """Each life is asked by one client, which waits for the answer before it asks again."""
    ask = request.ours if side is scene.ours else request.bare
    seconds: list[float] = []
    waiting = iter(range(first, first + count))
    rows = side.rows

    async def client(name: str) -> None:
        for number in waiting:
            began = time.perf_counter()
            await ask(scene, name, number)
            seconds.append(time.perf_counter() - began)

    async def everything() -> None:
        await asyncio.gather(*map(client, names))
        if request.writes and ask is not _empty_update:
            await side.until(rows + count)

    return Took(seconds, await scene.cost(side, names, everything()))


def _figures(request: Request, crowd: int, took: Turns[Took]) -> list[Figure]:
    values: dict[str, Samples] = {
        f"p50 at {crowd}": both(took, lambda one: one.share(50)),
        f"p99 at {crowd}": both(took, lambda one: one.share(99)),
        f"CPU at {crowd}": both(took, lambda one: one.cpu),
    }
    return [
        Figure(GROUP, f"{request.name}: {name} at once", "ms", samples, request.must.get(name))
        for name, samples in values.items()
    ]
