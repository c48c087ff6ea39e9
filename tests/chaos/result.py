"""What a storm is asked to be, and what it was."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.chaos.faults import Hit, Kind, Stage
from tests.chaos.plans import BESIDE

TWICE, SLEPT = "sent twice", "due dates that came while nobody worked"
ACTIVITIES = {
    "record",
    "grant",
    "revoke",
    "purge",
    "tell_publisher",
    "hand_over_notifications",
    "close_month",
    "record_account",
}
"""What has to be struck in a storm that counts; `make sweep` strikes the others too."""


@dataclass(frozen=True)
class Wanted:
    """What a storm is. It ends after `seconds` once each disaster has happened, or with so many `years` and `kills`."""

    seed: int
    seconds: float
    years: float = float("inf")
    kills: int = 0
    pause: float = 0.6
    rate: int = 300
    """How many of 10,000 places of the activities are struck; of those that come seldom, eight times as many."""
    at_once: int = 20
    longest: int = 8
    """How many years a life is watched at most."""
    own_timeouts: bool = False
    """Whether workers and clients have the product's own timeouts."""


@dataclass
class Result:
    """What a storm was, and what was wrong after it."""

    wanted: Wanted
    database: str
    years: float = 0.0
    lives: int = 0
    events: int = 0
    seconds: float = 0.0
    deaths: int = 0
    weather: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    hits: list[Hit] = field(default_factory=list)
    first_answers: list[float] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """The disasters that never happened."""
    problems: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Of workers, servers and databases."""
        return self.deaths + self.weather["server killed"] + self.weather["database restarted"]

    @property
    def struck(self) -> list[Hit]:
        """The faults in activities."""
        return [hit for hit in self.hits if hit.kind]

    @property
    def recoveries(self) -> list[float]:
        """Seconds from each kill of a worker in an effect until the effect was done."""
        found: list[float] = []
        killed: dict[str, list[float]] = {}
        for hit in sorted(self.hits, key=lambda hit: hit.at):
            if hit.kind is Kind.KILL:
                killed.setdefault(hit.effect, []).append(hit.at)
            elif hit.kind is None:
                found += [hit.at - at for at in killed.pop(hit.effect, [])]
        return found

    def lines(self) -> Iterator[str]:
        """The figures."""
        yield f"seed {self.wanted.seed} on {self.database}"
        for name, count in sorted(self.weather.items()):
            yield f"{count:>8} x {name}"
        for activity in sorted({hit.activity for hit in self.struck}):
            found = Counter(f"{hit.kind} {hit.stage}" for hit in self.struck if hit.activity == activity)
            words = ", ".join(f"{count} {point}" for point, count in sorted(found.items()))
            yield f"{found.total():>8} x {activity}: {words}"
        yield from (f"{count:>8} x commands: {words}" for words, count in sorted(self.commands.items()))
        yield f"worker kill to effect done: {spread(self.recoveries)}"
        yield f"server kill to first answer: {spread(self.first_answers)}"
        rate = self.years / self.seconds * 60
        yield f"{self.years:,.0f} subscription-years of {self.lives} lives, {self.events:,} events"
        yield f"{self.seconds:,.0f} s, {rate:,.0f} years a minute, {self.kills} kills ({self.deaths} of workers)"
        if self.missing:
            yield f"never happened: {', '.join(self.missing)}"
        yield from (f"WRONG: {problem}" for problem in self.problems)
        yield f"{len(self.problems)} violations"


def spared(results: Sequence[Result]) -> list[str]:
    """What never happened in the storms, and has to in a run that counts."""
    struck = [hit for result in results for hit in result.struck]
    points = {(hit.stage, hit.kind) for hit in struck}
    commands = sum((result.commands for result in results), Counter[str]())
    return [
        *(f"{name} on {result.database}" for result in results for name in result.missing),
        *(f"{kind} {stage}" for stage in Stage for kind in Kind if (stage, kind) not in points),
        *sorted(ACTIVITIES - {hit.activity for hit in struck}),
        *(words for words in (*BESIDE.values(), TWICE, SLEPT) if not commands[words]),
    ]


def spread(seconds: Sequence[float]) -> str:
    """The median and the worst, in words."""
    if not seconds:
        return "never"
    return f"median {median(seconds):.1f} s, worst {max(seconds):.1f} s, {len(seconds)} times"
