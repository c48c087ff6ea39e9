"""Compares what the books say of a workflow with what the server and the workflow say, and with the clock: pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.values import format_instant
from statemachines.audit.findings import GONE, Cure, Finding, Kind, Noun, Status
from statemachines.audit.observed import Booked, Clock, Effect, Known, Run, Subject

ON_ITS_WAY = 4
"""An effect that has failed so often (after about 15 seconds) is no longer on its way."""


def compare(
    subject: Subject, booked: Booked | None, run: Run | None, known: Known | None, clock: Clock
) -> list[Finding]:
    """Every difference, the most important first.

    None for what the books or the server do not have, and where nobody knows what the workflow has decided.
    """
    found = dict(_differences(subject, booked, run, known, clock))
    return [
        Finding(
            noun=subject.noun,
            id=subject.id,
            workflow_id=subject.workflow_id,
            kind=kind,
            cause=cause,
            run_id=run.run_id if run else None,
            recorded=booked.seq if booked else None,
            known=known.seq if known else None,
            due_at=_due_at(booked, known) if kind is Kind.OVERDUE else None,
            replaced_run=run.replaces if run and kind in {Kind.RESET, Kind.BEHIND} else None,
            cure=_cure(kind, subject, booked, run, known),
        )
        for kind, cause in found.items()
    ]


def _cure(kind: Kind, subject: Subject, booked: Booked | None, run: Run | None, known: Known | None) -> Cure | None:
    """How a workflow that does not run is started again, or the books get what only its history has.

    From the books, unless its last run may have decided what they do not have. A run that has failed would fail again.
    """
    if subject.noun is Noun.BULK:
        return Cure.REBUILD if booked and kind in {Kind.MISSING, Kind.AHEAD, *GONE.values()} else None
    if kind is Kind.AHEAD:
        recorded = booked.seq if booked else 0
        written = run and (run.status is Status.COMPLETED or (known is not None and known.committed > recorded))
        return Cure.BACKFILL if written else None
    if kind not in {Kind.MISSING, *GONE.values()}:
        return None
    if subject.noun is Noun.DELIVERY:
        return Cure.DELIVER
    if run is None or run.status is Status.FAILED:
        return Cure.REBUILD if booked else None
    if booked is None or known is None or known.seq > booked.seq or known.waiting or known.asked:
        return Cure.RESUME
    return Cure.REBUILD


Found = tuple[Kind, str]


def _differences(
    subject: Subject, booked: Booked | None, run: Run | None, known: Known | None, clock: Clock
) -> Iterator[Found]:
    if run is None or run.status is not Status.RUNNING:
        yield from _not_running(subject, booked, run, known)
        return
    yield from _by_sequence(subject, booked, run, known, clock)
    if run.problem:
        yield Kind.STUCK, f"Its task fails: {run.problem}"
    halted = subject.noun is Noun.DELIVERY or (known is not None and known.undelivered)
    if run.attention:
        yield Kind.UNDELIVERABLE if halted else Kind.NEEDS_OPERATOR, _sentence(run.attention)
    elif run.effect and run.effect.attempts > ON_ITS_WAY:
        yield Kind.RETRYING, _tried(run.effect)
    due = _due_at(booked, known)
    blocked = run.attention is not None and not halted
    if booked and booked.runs and not booked.test_clock and due and clock.passed(due) and not blocked:
        yield Kind.OVERDUE, f"It was due at {format_instant(due)}, {_since(clock.now - due)} ago."


def _not_running(subject: Subject, booked: Booked | None, run: Run | None, known: Known | None) -> Iterator[Found]:
    books = _in_books(subject, booked)
    if run is None:
        if booked and booked.runs:
            yield Kind.MISSING, books
    elif run.status is Status.COMPLETED:
        seq = f" with event {known.seq}" if known else ""
        if booked and booked.runs:
            yield Kind.AHEAD, f"It has ended{seq}, and the books do not know it. {books}"
        elif booked is None and subject.noun is Noun.SUBSCRIPTION:
            yield Kind.AHEAD, f"It has ended{seq}, and the books have nothing of it."
    elif _should_run(subject, booked, run):
        said = f": {run.said}" if run.said else "."
        at = f" at {format_instant(run.closed_at)}" if run.closed_at else ""
        yield GONE[run.status], f"It {run.status.words}{at}{_sentence(said)} {books}".rstrip()


def _by_sequence(
    subject: Subject, booked: Booked | None, run: Run, known: Known | None, clock: Clock
) -> Iterator[Found]:
    """How far the books and the workflow are, compared by the numbers of their events."""
    if subject.noun is Noun.BULK and booked is None:
        yield Kind.AHEAD, "The books lack the operation that it carries out: do they come from a backup?"
    if not subject.noun.has_events:
        return
    recorded = booked.seq if booked else 0
    if known is None:
        yield from _by_lists(subject, booked, run, clock)
    elif known.committed > recorded:
        lacking = f"s {recorded + 1} to {known.committed}" if known.committed > recorded + 1 else f" {known.committed}"
        yield Kind.AHEAD, f"The books lack the recorded event{lacking}: do they come from a backup?"
    elif recorded > known.seq:
        if run.reset_at:
            replaced = f" Run {run.replaces} was ended by it." if run.replaces else ""
            yield Kind.RESET, f"It was reset at {format_instant(run.reset_at)}.{replaced}"
        yield Kind.BEHIND, f"The books have event {recorded}, the workflow only event {known.seq}."
    elif known.seq > recorded and run.effect and run.effect.attempts > ON_ITS_WAY:
        yield Kind.AHEAD, f"Event {recorded + 1} is decided and cannot be recorded. {_tried(run.effect)}"
    elif booked and not known.waiting and (facts := _differing(booked, known)):
        yield Kind.DIFFERS, f"After event {recorded} {facts}."
    elif run.reset_at and run.attention and known.committed < recorded:
        reset_at = format_instant(run.reset_at)
        yield Kind.RESET, f"It was reset at {reset_at}, and decides otherwise than the books have it."


def _by_lists(subject: Subject, booked: Booked | None, run: Run, clock: Clock) -> Iterator[Found]:
    """What is seen without an answer of the workflow: by the search attributes on the server."""
    if subject.noun is not Noun.SUBSCRIPTION:
        return
    if run.reset_at and clock.passed(run.reset_at):
        yield Kind.RESET, f"It was reset at {format_instant(run.reset_at)}, and no worker answers for it since."
    if booked is None:
        if clock.passed(run.started_at):
            yield Kind.AHEAD, f"It was started at {format_instant(run.started_at)}, and the books have nothing of it."
    elif run.state is not None and (run.state, run.auto_renew) != (booked.state, booked.auto_renew):
        if run.effect:  # decided and not recorded yet
            if run.effect.attempts > ON_ITS_WAY:
                yield Kind.AHEAD, f"Event {booked.seq + 1} is decided and cannot be recorded. {_tried(run.effect)}"
            return
        theirs, ours = _facts(run.state, run.auto_renew), _facts(booked.state, booked.auto_renew)
        yield Kind.DIFFERS, f"The server lists it as {theirs}, the books as {ours} after event {booked.seq}."


def _differing(booked: Booked, known: Known) -> str:
    """What the two say differently of the same event; empty if they agree."""
    if booked.state is None or known.state is None or booked.seq != known.seq:
        return ""
    if (known.state, known.auto_renew) != (booked.state, booked.auto_renew):
        theirs, ours = _facts(known.state, known.auto_renew), _facts(booked.state, booked.auto_renew)
        return f"the workflow is {theirs}, the books say {ours}"
    if booked.last_at and known.last_at and known.last_at != booked.last_at:
        dates = f"{format_instant(known.last_at)}, the books with {format_instant(booked.last_at)}"
        return f"the workflow has it with the date {dates}"
    return ""


def _due_at(booked: Booked | None, known: Known | None) -> datetime | None:
    """When the next milestone is due, by the workflow itself where it has answered."""
    if known and known.next_at:
        return known.next_at
    return booked.next_at if booked else None


def _facts(state: str | None, auto_renew: bool | None) -> str:
    return f"{state} with auto-renew {'on' if auto_renew else 'off'}"


def _should_run(subject: Subject, booked: Booked | None, run: Run) -> bool:
    """Whether a workflow that does not run is missed. An account never ends, whatever the books know.

    An operation that is not in the books would find nothing to do; only one that has failed says so.
    """
    if subject.noun is Noun.BULK and booked is None:
        return run.status is Status.FAILED
    if subject.noun is Noun.ACCOUNT or booked is None:
        return subject.noun is not Noun.DELIVERY
    return booked.runs


def _in_books(subject: Subject, booked: Booked | None) -> str:
    if booked is None:
        return "The books have nothing of it."
    if subject.noun is Noun.BULK:
        return f"The books have it unfinished, {booked.state}."
    state = f", {booked.state}" if booked.state else ""
    return f"The books have it up to event {booked.seq}{state}." if booked.seq else "The books have no event of it yet."


def _tried(effect: Effect) -> str:
    return f"`{effect.name}` has been tried {effect.attempts} times: {_sentence(effect.failure)}"


def _sentence(said: str) -> str:
    return said if said.endswith((".", "?", "!")) else f"{said}."


def _since(passed: timedelta) -> str:
    """A duration in its largest unit."""
    seconds = int(passed.total_seconds())
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if (count := seconds // length) >= 1:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
