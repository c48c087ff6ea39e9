"""`scenario run`: run scenario files in the simulator or on a real server."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.failure import Misused
from cli.options import Json
from cli.printing.screen import console, print_json
from cli.rehearsal.live import live_reports
from cli.rehearsal.report import print_report
from domain.faults import Fault, MalformedFile, listed
from hosting.files.yaml import read as read_yaml
from statemachines.simulation.course import simulate
from statemachines.simulation.scenario import Scenario
from statemachines.simulation.scenario_file import parse_scenario


def run(
    files: Annotated[list[Path], Argument(metavar="FILE...", help="Scenario files; docs/scenarios.md has the format.")],
    live: Annotated[bool, Option("--live", help="On a real Temporal server, with time skipping.")] = False,
    as_json: Json = False,
) -> None:
    """Run scenario files, and print what happens to each subscription.

    They run in the simulator; with --live, on a server of their own with a fresh database. Both print the same.
    If any file is malformed, no file is run.

    Example: scenario run scenarios/lives/several-holds.yaml
    """
    scenarios = read(files)
    reports = live_reports(scenarios) if live else [simulate(scenario) for scenario in scenarios]
    if as_json:
        print_json([report.document() for report in reports])
        return
    screen = console()
    for number, (scenario, report) in enumerate(zip(scenarios, reports, strict=True), start=1):
        if number > 1:
            screen.print()
        print_report(screen, scenario, report, scenario.name)


def read(files: list[Path]) -> list[Scenario]:
    """The scenarios of all files. Raises Misused with the faults of all files."""
    scenarios: list[Scenario] = []
    found: list[tuple[Path, Fault]] = []
    for file in files:
        try:
            scenarios.append(parse_scenario(load(file)))
        except MalformedFile as malformed:
            found += [(file, fault) for fault in malformed.faults]
    if found:
        raise Misused(*listed(found, lambda of: f"{of[0]}: {of[1]}"))
    return scenarios


def load(path: Path) -> object:
    """The file's data, with that of its tax table: mappings, lists, text, numbers, booleans. Raises MalformedFile."""
    found = read_yaml(path)
    if found.faults:
        raise MalformedFile(found.faults)
    data = found.data
    if isinstance(data, dict) and isinstance(table := data.get("tax_table"), str):
        rates = read_yaml(path.parent / table)
        if rates.faults:
            faults = (fault._replace(got=fault.got or table) for fault in rates.faults)
            raise MalformedFile([fault.under("tax_table") for fault in faults])
        return {**data, "tax_table": rates.data}
    return data
