"""Where a replay differs from its recording, in words for the engineer who changed the workflow."""

from collections.abc import Iterator
from itertools import zip_longest

from temporalio.client import WorkflowHistory

from tests.replay.commands import Given, Replayed, recorded_in
from tests.replay.recordings import type_of

SHOWN = 4
"""How many of the differing commands are shown, and how many fields of each: the first may differ in its text alone."""

WHAT_TO_DO = (
    "  what to do: if runs of released code may be open, keep what they expect behind `workflow.patched`. Nothing is "
    "released before 0.1.0: until then record anew and say in the commit why the contents changed. See "
    "docs/changing-workflows.md."
)


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


def difference(name: str, history: WorkflowHistory, replay: Replayed) -> str | None:
    """What the replay does otherwise than the recording of that name, or None if nothing."""
    recorded = recorded_in(history)
    pairs = list(zip_longest(recorded, replay.given))
    differing = [pair for pair in pairs if pair[0] != pair[1]]
    if not differing and replay.error is None:
        return None
    point = _point(differing[0][0] if differing else None, recorded)
    breaks = [line for then, now in differing[:SHOWN] for line in _differences(then, now)]
    if len(differing) > SHOWN:
        breaks.append(f"{len(differing) - SHOWN} later commands")
    if replay.error is not None:
        breaks.append(f"the replay itself fails: {replay.error}")
    return "\n".join(
        (
            f"{name} does not replay as it was recorded.",
            f"  whom it concerns: every open run of {type_of(history)} that is past this point: {point}",
            *(f"  what breaks: {line}" for line in breaks),
            WHAT_TO_DO,
        )
    )


def _point(then: Given | None, recorded: list[Given]) -> str:
    """The event where the difference is, or the last one where the recording ends before."""
    last = then or (recorded[-1] if recorded else None)
    if last is None or last.event is None:
        return "its start"
    where = f"event {last.event.event_id} ({_title(last)}) at {last.event.event_time.ToJsonString()}"
    return where if then else f"the recording's end, after {where}"


def _title(command: Given | None) -> str:
    if command is None:
        return "nothing more"
    kind = command.content.get("activity_type") or command.content.get("signal_name")
    return f"{command.name} {kind}" if kind else command.name


def _differences(then: Given | None, now: Given | None) -> Iterator[str]:
    if then is None or now is None or then.name != now.name:
        if then is not now:
            yield f"recorded {_title(then)}; now {_title(now)}"
        return
    found = list(_fields(_title(then), then.content, now.content))
    yield from found[:SHOWN]
    if len(found) > SHOWN:
        yield f"{len(found) - SHOWN} more fields of the same command"


def _fields(path: str, then: object, now: object) -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in [*then, *(key for key in now if key not in then)]:
            yield from _fields(f"{path}.{key}", then.get(key, MISSING), now.get(key, MISSING))
    elif isinstance(then, list) and isinstance(now, list):
        for index, (one, other) in enumerate(zip_longest(then, now, fillvalue=MISSING)):
            yield from _fields(f"{path}[{index}]", one, other)
    elif then != now:
        yield f"{path}: recorded {_shown(then)}, now {_shown(now)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:160]}..."
