"""`setup`: prepare a Temporal server and a database for workers, or say what they lack."""

from collections.abc import Sequence
from typing import Annotated, Any

from typer import Option

from activities.settings import Settings
from cli.failure import Failure
from cli.next_step import worded
from cli.options import Address, Json, some_id
from cli.printing.screen import console, print_json, printable
from cli.printing.tables import print_columns
from cli.running import run
from hosting.preparation import NEXUS_ENDPOINT, all_parts
from hosting.temporal.connection import connect
from perennial.deployment.preparation import Condition, Finding, looked_at, prepared
from perennial.sources.sources import Once

Check = Annotated[bool, Option("--check", help="Say what is missing, and change nothing.")]
Endpoint = Annotated[
    str,
    Option(
        "--nexus-endpoint",
        parser=some_id,
        metavar="NAME",
        help="The Nexus endpoint that leads to the workers; on a shared server it needs a name of its own.",
    ),
]


def setup(
    check: Check = False, nexus_endpoint: Endpoint = NEXUS_ENDPOINT, address: Address = None, as_json: Json = False
) -> None:
    """Prepare a Temporal server and the database for workers.

    Namespace, retention, search attributes, Nexus endpoint and the database's tables: what is there already stays as it
    is, what is missing is added, and repeating it changes nothing. Exit code 1 if anything is missing afterwards, each
    with the command by which an operator of the server adds it.

    Example: setup --check
    """
    findings = run(_found(address, nexus_endpoint, check=check))
    if as_json:
        print_json(_document(findings))
    else:
        _print(findings)
    if not all(finding.ready for finding in findings):
        raise Failure()


async def _found(address: str | None, endpoint: str, *, check: bool) -> list[Finding]:
    parts = all_parts(Settings.load(), Once(lambda: connect(address)), endpoint)
    return await (looked_at(parts) if check else prepared(parts))


def _document(findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "ready": all(finding.ready for finding in findings),
        "parts": [
            {
                "part": finding.part.value,
                "condition": finding.condition.value,
                "words": finding.words,
                "by_hand": finding.by_hand,
            }
            for finding in findings
        ],
    }


def _print(findings: Sequence[Finding]) -> None:
    screen = console()
    lacking = [finding for finding in findings if finding.condition in {Condition.MISSING, Condition.FAILED}]
    rows = [
        (finding.part.words, finding.condition.words, "" if finding in lacking else printable(finding.words))
        for finding in findings
    ]
    print_columns(screen, ("PART", "", ""), rows)
    for finding in lacking:
        step = f" {worded(finding.next_step)}" if finding.next_step else ""
        screen.print()
        screen.print(printable(f"{finding.words.rstrip('.')}.{step}"), soft_wrap=True)
        if finding.by_hand:
            screen.print(printable(f"  {finding.by_hand}"), soft_wrap=True)
