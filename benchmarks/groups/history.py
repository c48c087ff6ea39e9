"""d. What a renewal and a command leave: history events, bytes, actions; the state handed over; the database."""

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from benchmarks.bare.workflow import Bare
from benchmarks.histories import Run, actions, check_timers, lasting, parked_size, runs_of, size
from benchmarks.report import Figure, Must, Samples, both
from benchmarks.scene import Bench, Scene, a_scene
from benchmarks.sides import Side
from domain.subscription.commands import ChangeQuantity

GROUP = "d"
TITLE = "history"
MONTHS = 12
COMMANDS = 4


async def measure(bench: Bench) -> list[Figure]:
    """The figures of some lives of a year, and of an old one. They depend on no clock, so there is one turn."""
    lives = bench.of(6, 30)
    async with a_scene(bench) as scene:
        figures = await _renewals(scene, lives, told=False)
        bench.say("history: renewals")
        figures += await _renewals(scene, lives, told=True)
        bench.say("history: told renewals")
        figures += await _age(scene, bench.of(24, 120))
        bench.say("history: old lives")
        return figures + await _commands(scene)


async def _renewals(scene: Scene, lives: int, *, told: bool) -> list[Figure]:
    words, events_at_most = ("told renewal", 16) if told else ("renewal", 12)
    found = {side.name: await _Year.lived(scene, side, lives, told=told) for side in scene.sides}

    def figure(name: str, unit: str, value: str, must: Must | None = None) -> Figure:
        samples = Samples(*([getattr(found[side], value)] for side in Samples._fields))
        return Figure(GROUP, name, unit, samples, must)

    figures = [
        figure(f"{words}: history events, new runs spread", "", "events", Must(events_at_most)),
        figure(f"{words}: history bytes, new runs spread", "", "size", None if told else Must(3_000)),
        figure(f"{words}: actions of Temporal Cloud, new runs spread", "", "actions"),
    ]
    if told:
        return figures
    return [
        *figures,
        figure("database bytes per subscription and year", "", "booked"),
    ]


class _Year:
    """What a year of lives has left, per renewal."""

    def __init__(self, lives: list[list[Run]], booked: float) -> None:
        renewals = len(lives) * MONTHS
        # What a renewal adds: the purchase comes before it, up to the first timer.
        years = [lasting([event for run in runs for event in run])[_first_timer(runs[0]) :] for runs in lives]
        self.events = sum(map(len, years)) / renewals
        self.size = sum(map(size, years)) / renewals
        self.actions = sum(map(actions, years)) / renewals
        self.booked = booked

    @classmethod
    async def lived(cls, scene: Scene, side: Side, lives: int, *, told: bool) -> "_Year":
        """Let them live, and look at their histories and at the books."""
        before = side.book_bytes
        names = await scene.begun(side, [f"year-{told}-{number}" for number in range(lives)], told=told)
        await scene.lived(side, names, MONTHS)
        ids = [side.workflow_id(name) for name in names]
        await check_timers(scene.client, ids, MONTHS)
        return cls([await runs_of(scene.client, name) for name in ids], (side.book_bytes - before) / lives)


def _first_timer(run: Run) -> int:
    return next(n for n, event in enumerate(run) if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED) + 1


def _carried(run: Run) -> int:
    return run[-1].workflow_execution_continued_as_new_event_attributes.input.ByteSize()


async def _age(scene: Scene, months: int) -> list[Figure]:
    """The largest that one long life leaves in any of its runs."""
    parked: dict[str, list[float]] = {}
    carried: dict[str, list[float]] = {}
    for side in scene.sides:
        names = await scene.begun(side, ["old"])
        await scene.lived(side, names, months)
        runs = await runs_of(scene.client, side.workflow_id("old"))
        parked[side.name] = [max(map(parked_size, runs))]
        carried[side.name] = [max(map(_carried, runs))]
    words = f"parked run within {months} months: history bytes at most"
    return [
        Figure(GROUP, words, "", both(parked, float), Must(8 * 1024)),
        Figure(GROUP, f"state handed over to a new run within {months} months, at most", "bytes", both(carried, float)),
    ]


async def _commands(scene: Scene) -> list[Figure]:
    """What one command adds to a history: each kind has a life of its own."""
    for side in scene.sides:
        await scene.begun(side, ["change", "nothing"])

    async def change(number: int) -> None:
        await scene.ours.server.subscriptions.ask("change", ChangeQuantity(by="admin_agent", quantity=50 + number))

    async def nothing(_: int) -> None:
        await scene.ours.command("nothing")

    async def write(_: int) -> None:
        await scene.bare.handle("change").execute_update(Bare.write)

    async def answer(_: int) -> None:
        await scene.bare.command("nothing")

    figures = []
    for words, name, ours, bare in (
        ("changing command, against an update that writes", "change", change, write),
        ("command that changes nothing, against an empty update", "nothing", nothing, answer),
    ):
        added: dict[str, list[HistoryEvent]] = {}
        for side, send in ((scene.ours, ours), (scene.bare, bare)):
            before = len((await runs_of(scene.client, side.workflow_id(name)))[-1])
            for number in range(COMMANDS):
                await send(number)
                await side.parked(name)
            added[side.name] = (await runs_of(scene.client, side.workflow_id(name)))[-1][before:]
        for what, of in (("history events", len), ("history bytes", size), ("actions of Temporal Cloud", actions)):
            samples = Samples(*([of(added[side]) / COMMANDS] for side in Samples._fields))
            figures.append(Figure(GROUP, f"{words}: {what}", "", samples))
    return figures
