"""`migrate`: move workflows that sleep to another version of the workers, in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from cli.failure import Failure
from cli.options import Reading, positive_number, typed_wrong, whole_number, with_options
from cli.printing.progress import Progress
from cli.printing.screen import console, counted, print_json, printable
from cli.running import use

if TYPE_CHECKING:
    from perennial.deployment.deployment import Moves
    from perennial.use_cases import Perennial

KEY = "migrate"
CANARY, PER_SECOND, FASTEST = 5, 20, 1000


@dataclass(frozen=True)
class Migrating:
    """Where to, how many and how fast."""

    to: Annotated[str | None, Option(metavar="BUILD", help="The build to move to.", show_default="the current one")] = (
        None
    )
    canary: Annotated[
        int,
        Option(parser=whole_number, metavar="NUMBER", help="So many must get on before others are tried; 0 is none."),
    ] = CANARY
    rate: Annotated[int, Option(parser=positive_number, metavar="NUMBER", help="Move at most so many per second.")] = (
        PER_SECOND
    )
    limit: Annotated[
        int | None,
        Option(parser=positive_number, metavar="NUMBER", help="Stop after so many.", show_default="all"),
    ] = None
    dry_run: Annotated[bool, Option("--dry-run", help="Say how many are on another version, and move nothing.")] = False


@with_options
def migrate(migrating: Migrating, reading: Reading) -> None:
    """Move subscriptions, accounts, deliveries and price changes to another version of the workers.

    Each begins a new run, on the version that the server's routing names; nothing else of it changes. Stop it at any
    time (Ctrl-C), and type it again to go on with the rest. Moving back is the same with the older version. Exit code 1
    if anything could not be moved.

    Example: migrate --dry-run
    """
    if migrating.rate > FASTEST:
        raise typed_wrong("--rate", migrating.rate, f"at most {FASTEST}")

    async def move(perennial: Perennial) -> Moves:
        if migrating.dry_run:
            return await perennial.deployment.elsewhere(migrating.to)
        with Progress() as progress:
            progress.begin(KEY, "move to the version of new runs")
            moves = await perennial.deployment.migrate(
                migrating.to,
                canary=migrating.canary,
                per_second=migrating.rate,
                limit=migrating.limit,
                watch=lambda moves: progress.note(KEY, f"{moves.tried:,} of {moves.found:,}, {_failed(moves)}"),
            )
            progress.end(KEY)
        return moves

    moves = use(move, reading.address)
    if reading.as_json:
        print_json(_document(moves))
    else:
        _print(moves, dry_run=migrating.dry_run)
    if moves.failed:
        raise Failure()


def _document(moves: Moves) -> dict[str, Any]:
    return {
        "to": moves.to,
        "found": moves.found,
        "moved": moves.moved,
        "stayed": moves.stayed,
        "ended": moves.ended,
        "failed": moves.failed,
        "stopped": moves.stopped,
    }


def _print(moves: Moves, *, dry_run: bool) -> None:
    screen = console()
    screen.print(printable(f"{counted(moves.found, 'workflow')} on another version than {moves.to}"), soft_wrap=True)
    if dry_run:
        return
    screen.print(
        f"{moves.moved:,} moved, {moves.stayed:,} placed elsewhere by the routing, {moves.ended:,} ended, "
        f"{_failed(moves)}",
        soft_wrap=True,
    )
    if moves.stopped:
        screen.print(printable(f"Stopped: {moves.stopped}."), soft_wrap=True)
    for workflow_id, reason in moves.failed.items():
        screen.print(printable(f"  {workflow_id}  {reason.removeprefix(f'{workflow_id}: ')}"), soft_wrap=True)


def _failed(moves: Moves) -> str:
    return f"{len(moves.failed):,} failed"
