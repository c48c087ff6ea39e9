"""`bulk migrate`: move workflows that sleep to another version of the workers."""

from dataclasses import dataclass
from typing import Annotated

from typer import Option

from cli.bulk.carrying_out import carry_out
from cli.bulk.options import CarryingBySystem
from cli.options import positive_number, with_options
from domain.bulk.requests import MoveRun
from perennial.bulk.planning import Choice

PER_SECOND = 20


@dataclass(frozen=True)
class Moving(CarryingBySystem):
    """Where to, how many and how fast."""

    to: Annotated[str | None, Option(metavar="BUILD", help="The build to move to.", show_default="the current one")] = (
        None
    )
    limit: Annotated[
        int | None, Option(parser=positive_number, metavar="N", help="Move at most this many.", show_default="all")
    ] = None
    rate: Annotated[int, Option(parser=positive_number, metavar="N", help="Move at most this many per second.")] = (
        PER_SECOND
    )


@with_options
def migrate(moving: Moving) -> None:
    """Move subscriptions, accounts, deliveries, price changes and bulk operations to another version of the workers.

    Each begins a new run, on the version that the server's routing names; nothing else of it changes. Moving back is
    the same with the older version.

    Example: bulk migrate --dry-run
    """
    carry_out(Choice.of_moves(MoveRun(by=moving.by, actor=moving.actor, to=moving.to), moving.limit), moving)
