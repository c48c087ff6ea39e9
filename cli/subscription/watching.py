"""`watch`: subscriptions as they stand now, and each event as it comes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from cli.failure import Misused
from cli.options import some_id
from cli.printing.screen import console, counted, say, second, zone
from cli.printing.tables import print_columns
from cli.running import use
from cli.subscription.history import event_cells, whole_event_document

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from domain.subscription.events import Event
    from perennial.subscription.watching import Look, Standing
    from perennial.use_cases import Perennial

MOST_ROWS = 15
"""How many subscriptions the live table shows, those with the latest event first."""


def watch(
    subscription: Annotated[
        str | None,
        Argument(metavar="ID", parser=some_id, help="The subscription; `list` shows them.", show_default=False),
    ] = None,
    customer: Annotated[
        str | None,
        Option(parser=some_id, metavar="ID", help="Of all the customer's subscriptions.", show_default=False),
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON document per event, each on a line.")] = False,
) -> None:
    """Watch a subscription, or all of a customer: each event as it comes, the state and what comes next.

    The database is looked at every two seconds. Ctrl-C ends it; of one subscription, its end does. Piped, it prints a
    line per event from now on.

    Example: watch --customer fabrikam
    """
    if (subscription is None) == (customer is None):
        raise Misused("watch takes either the ID of a subscription, or --customer ID.")

    async def follow(perennial: Perennial) -> None:
        with _shown(subscription or f"customer {customer}", as_json=as_json) as show:
            async for look in perennial.subscriptions.looks(subscription, customer):
                show(look)

    try:
        use(follow)
    except KeyboardInterrupt:
        # Watching has no other end: this is how it is done.
        return


@contextmanager
def _shown(what: str, *, as_json: bool) -> Iterator[Callable[[Look], None]]:
    """What shows a look: a live table below the events on a terminal, else a line per event."""
    screen = console()
    if as_json or not screen.is_terminal:
        yield lambda look: _print_lines(look, what, as_json=as_json)
        return
    from rich.live import Live

    with Live(console=screen, auto_refresh=False) as live:

        def show(look: Look) -> None:
            for subscription_id, event in look.events:
                live.console.print(_line(subscription_id, event))
            live.update(_table(look.standings, screen), refresh=True)

        yield show


def _print_lines(look: Look, what: str, *, as_json: bool) -> None:
    if not look.events:
        stands = counted(len(look.standings), "subscription")
        say(f"Watching {what}: {stands}. Events are printed as they come; Ctrl-C ends it.", stderr=True)
    for subscription_id, event in look.events:
        document = {"subscription_id": subscription_id, **whole_event_document(event)}
        sys.stdout.write(f"{json.dumps(document) if as_json else _line(subscription_id, event)}\n")
    sys.stdout.flush()


def _line(subscription_id: str, event: Event) -> str:
    when, name, changed, by, why = event_cells(event)
    return "  ".join(filter(None, (when, subscription_id, name, changed, f"by {by}", why)))


def _table(standings: Sequence[Standing], screen: Console) -> Text:
    """The table as wide as the screen, those with the latest event first."""
    from rich.console import Console
    from rich.text import Text

    shown = sorted(standings, key=lambda each: each.listed.last_at, reverse=True)
    rows = [
        (
            each.listed.subscription_id,
            each.listed.state,
            second(each.following.at) if each.following else "-",
            each.words or "nothing more happens by itself",
        )
        for each in shown[:MOST_ROWS]
    ]
    paper = Console(file=StringIO(), width=screen.width, force_terminal=True, color_system="standard", highlight=False)
    with paper.capture() as captured:
        print_columns(paper, ("SUBSCRIPTION", "STATE", f"NEXT ({zone()})", "WHAT"), rows)
        if more := len(shown) - len(rows):
            paper.print(f"and {more:,} more")
        paper.print(Text("Ctrl-C ends it", style="dim"))
    return Text.from_ansi(captured.get().rstrip("\n"))
