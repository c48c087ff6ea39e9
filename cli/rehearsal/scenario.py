"""`scenario run`: lives described as data, in the simulator or on a real server."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from cli.failure import Misused
from cli.options import Json
from domain.faults import MalformedFile

if TYPE_CHECKING:
    from statemachines.simulation.scenario import Scenario


def run(
    files: Annotated[list[Path], Argument(metavar="FILE...", help="Scenario files; docs/scenarios.md has the format.")],
    live: Annotated[bool, Option("--live", help="On a real Temporal server, with time skipping.")] = False,
    as_json: Json = False,
) -> None:
    """Live the lives that files describe, and print what happened.

    Without --live the simulator lives them; with it, a server of their own and a fresh database. Both
    print the same. If any file is malformed, no file is run.
    """
    from cli.printing.screen import console, print_json
    from cli.rehearsal.story import tell
    from statemachines.simulation.scenario import simulate

    scenarios = read(files)
    if live:
        from cli.rehearsal.playing import live_stories

        stories = live_stories(scenarios)
    else:
        stories = [simulate(scenario) for scenario in scenarios]
    if as_json:
        print_json([story.document() for story in stories])
        return
    screen = console()
    for number, (scenario, story) in enumerate(zip(scenarios, stories, strict=True), start=1):
        if number > 1:
            screen.print()
        tell(screen, scenario, story, scenario.name)


def read(files: list[Path]) -> "list[Scenario]":
    """All the scenarios, or Misused with every fault of every file."""
    from domain.faults import MalformedFile
    from statemachines.simulation.scenario import parse_scenario

    scenarios, lines = [], []
    for file in files:
        try:
            scenarios.append(parse_scenario(load(file)))
        except MalformedFile as malformed:
            lines += [f"{file}: {fault}" for fault in malformed.faults]
    if lines:
        raise Misused(*lines)
    return scenarios


def load(path: Path) -> object:
    """The file's data: mappings, lists, text, numbers, true and false. Raises MalformedFile."""
    from hosting.files.yaml import read as read_yaml

    found = read_yaml(path)
    if found.faults:
        raise MalformedFile(found.faults)
    return found.data
