"""`setup`: what workers need of a Temporal server and a database, looked at and prepared part by part."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from domain.next_step import Do, NextStep, PerennialError
from domain.values import Worded


class PartName(Worded):
    """The parts, in the order in which they are prepared."""

    NAMESPACE = "namespace", "Namespace"
    RETENTION = "retention", "Retention"
    SEARCH_ATTRIBUTES = "search_attributes", "Search attributes"
    TEST_CLOCKS = "test_clocks", "Test clocks"
    NEXUS_ENDPOINT = "nexus_endpoint", "Nexus endpoint"
    DATABASE = "database", "Database"
    ENVIRONMENT = "environment", "Environment"


class Condition(Worded):
    """How a part was found, or left."""

    READY = "ready", "ready"
    PREPARED = "prepared", "prepared now"
    MISSING = "missing", "missing"
    WAITING = "waiting", "waits"
    FAILED = "failed", "failed"


@dataclass(frozen=True)
class Seen:
    """A part as it is: whether that is enough, and what there is, or what is missing.

    `by_hand` is the command by which an operator of the server adds it.
    """

    ready: bool
    words: str
    by_hand: str | None = None


@dataclass(frozen=True)
class Part:
    """Something that a server or a database must have. `prepare` changes nothing where `look` says that it is ready.

    Both raise PerennialError with one line that says what to do. A part is looked at once those in `needs` are ready.
    """

    name: PartName
    look: Callable[[], Awaitable[Seen]]
    prepare: Callable[[], Awaitable[object]]
    needs: frozenset[PartName] = frozenset()


@dataclass(frozen=True)
class Finding:
    """What has become of a part."""

    part: PartName
    condition: Condition
    words: str
    by_hand: str | None = None
    next_step: NextStep | None = None

    @property
    def ready(self) -> bool:
        """Whether workers have what they need of it."""
        return self.condition in {Condition.READY, Condition.PREPARED}


class NotPrepared(PerennialError):
    """Something is missing that workers need, and is not prepared or cannot be."""


async def looked_at(parts: Sequence[Part]) -> list[Finding]:
    """How each part is; nothing is changed."""
    return await _each(parts, prepare=False)


async def prepared(parts: Sequence[Part]) -> list[Finding]:
    """Prepare what is missing, part by part. What failed is in the findings; repeating the call goes on."""
    return await _each(parts, prepare=True)


async def require(parts: Sequence[Part], *, prepare: bool) -> None:
    """Raise NotPrepared, with one line that says all that is missing; what can be prepared is, where that is wanted."""
    findings = await _each(parts, prepare=prepare)
    lacking = [finding for finding in findings if not finding.ready and finding.condition is not Condition.WAITING]
    if lacking:
        words = " ".join(f"{finding.words.rstrip('.')}." for finding in lacking)
        missing = any(finding.condition is Condition.MISSING for finding in lacking)
        raise NotPrepared(f"Not ready for workers: {words}", NextStep(Do.SET_UP) if missing else None)


async def _each(parts: Sequence[Part], *, prepare: bool) -> list[Finding]:
    findings: dict[PartName, Finding] = {}
    for part in parts:
        lacking = [finding for name, finding in findings.items() if name in part.needs and not finding.ready]
        if lacking:
            words = f"for the {lacking[0].part.words.lower()}"
            findings[part.name] = Finding(part.name, Condition.WAITING, words)
        else:
            findings[part.name] = await _one(part, prepare=prepare)
    return list(findings.values())


async def _one(part: Part, *, prepare: bool) -> Finding:
    try:
        seen = await part.look()
        if seen.ready:
            return Finding(part.name, Condition.READY, seen.words)
        if not prepare:
            return Finding(part.name, Condition.MISSING, seen.words, seen.by_hand)
        await part.prepare()
        again = await part.look()
    except PerennialError as error:
        return Finding(part.name, Condition.FAILED, error.message, next_step=error.next_step)
    return Finding(part.name, Condition.PREPARED if again.ready else Condition.FAILED, again.words, again.by_hand)
