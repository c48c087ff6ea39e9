"""`setup`: prepare a Temporal server and a database for workers, or say what they lack."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from temporalio.client import Client
from typer import Option

from activities.settings import Settings
from cli.failure import Failure, Misused
from cli.next_step import worded
from cli.options import Reading, some_id, with_options
from cli.printing.screen import console, print_json, printable
from cli.printing.tables import print_columns
from cli.running import run, stopped_with
from cli.start import typed
from hosting.embedded.shared import shared_server
from hosting.opening import own_address
from hosting.preparation import NEXUS_ENDPOINT, Connect, all_parts
from hosting.temporal.connection import connect, connect_to
from perennial.deployment.preparation import Condition, Finding, looked_at, prepared
from perennial.sources.sources import Once


@dataclass(frozen=True)
class Preparing:
    """What is prepared, and how far it goes."""

    check: Annotated[bool, Option("--check", help="Say what is missing, and change nothing.")] = False
    adopt: Annotated[
        bool,
        Option("--adopt", help="Move books that belong to another server to this one. Stop the other's workers first."),
    ] = False
    for_tests: Annotated[
        bool,
        Option("--for-tests", help="Let the namespace take test clocks: only for one that nothing but tests uses."),
    ] = False
    nexus_endpoint: Annotated[
        str,
        Option(
            parser=some_id,
            metavar="NAME",
            help="The Nexus endpoint that leads to the workers; on a shared server it needs a name of its own.",
        ),
    ] = NEXUS_ENDPOINT
    dev: Annotated[
        bool, Option("--dev", help="Prepare the data directory's own server, as `worker --dev` runs it.")
    ] = False


@with_options
def setup(preparing: Preparing, reading: Reading) -> None:
    """Prepare a Temporal server and the database for workers.

    Namespace, retention, search attributes, Nexus endpoint, the database's tables, and that the books belong to this
    server: what is there already stays as it is, what is missing is added, and repeating it changes nothing. Exit code
    1 if anything is missing afterwards, each with the command by which an operator of the server adds it.

    Example: setup --check
    """
    if preparing.check and preparing.adopt:
        raise Misused("--check changes nothing and --adopt moves the books: give one of the two.")
    if preparing.check and preparing.dev:
        raise Misused("--check changes nothing and --dev makes a server's files: give one of the two.")
    if preparing.dev and reading.address:
        raise Misused("--address names a server of yours, --dev the data directory's own: give one of the two.")
    findings = run(_found(preparing, reading.address))
    if reading.as_json:
        print_json(_document(findings))
    else:
        _print(findings)
    if not all(finding.ready for finding in findings):
        raise Failure()


async def _found(preparing: Preparing, address: str | None) -> list[Finding]:
    settings = Settings.load()
    left = "Nothing was changed" if preparing.check else "What is prepared stays, and is not prepared twice"
    with stopped_with(lambda: [f"{left}. To go on: {typed()}"]):
        return await _looked_at_or_prepared(settings, preparing, address)


async def _looked_at_or_prepared(settings: Settings, preparing: Preparing, address: str | None) -> list[Finding]:
    async with _server(settings, preparing, address) as reached:
        parts = all_parts(
            settings, reached, preparing.nexus_endpoint, adopt=preparing.adopt, for_tests=preparing.for_tests
        )
        return await (looked_at(parts) if preparing.check else prepared(parts))


@asynccontextmanager
async def _server(settings: Settings, preparing: Preparing, address: str | None) -> AsyncIterator[Connect]:
    """How to reach the server; with --dev it runs until the end, unless another process runs it."""
    if not preparing.dev:
        yield Once(lambda: connect(address, own=own_address(settings)))
        return
    async with shared_server(settings.data_dir) as shared:

        async def dialled() -> Client:
            return await connect_to(shared.endpoints.address)

        yield Once(dialled)


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
