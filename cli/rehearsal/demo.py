"""`demo`: whole subscription lives on a real server, beside the forecasts made before each began."""

import asyncio
import contextlib
import time
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from typer import Exit, Option

from cli.failure import ExitCode
from cli.samples import SCENARIOS

if TYPE_CHECKING:
    from rich.console import Console

    from cli.printing.progress import Progress
    from cli.rehearsal.forecast import Comparison
    from cli.rehearsal.playing import Played
    from hosting.assembly import World
    from statemachines.simulation.scenario import Scenario

LIVES = (
    "lives/trial-of-thirty-days",
    "lives/monthly-from-january-31",
    "lives/full-credit-with-increases-and-add-ons",
    "lives/a-renewal-does-not-reopen-the-window",
    "lives/suspended-over-a-billing-date-under-csp-2019",
    "lives/suspended-over-the-terms-end-and-back",
    "lives/retention-with-30-free-days",
    "lives/the-window-runs-while-the-publisher-sets-up",
    "lives/usage-with-add-ons-and-a-new-price",
    "accounts/suspended-for-nonpayment-and-lifted",
)
"""Chosen to show the trial, renewals, both cancellations, suspension, deletion, set-up, usage, and unpaid invoices."""


def demo(
    keep: Annotated[
        bool, Option("--keep", help="Keep the server open afterwards, to look around in its Web UI.")
    ] = False,
) -> None:
    """Play whole lives on a real server, as they were forecast.

    A server, a worker and books of their own are started in a fresh directory. Before each life begins,
    the simulator forecasts it; then it is lived, years in seconds, with the server's time skipping.
    Exit code 0 only if everything came as forecast.
    """
    from cli.printing.progress import Progress
    from cli.printing.screen import console
    from cli.rehearsal.scenario import read
    from cli.running import run

    scenarios = read([SCENARIOS / f"{name}.yaml" for name in LIVES])
    screen = console()
    # On a terminal, what is printed and what moves must know of each other.
    progress = Progress(screen if screen.is_terminal else None)
    with TemporaryDirectory(prefix="perennial-demo-") as directory, progress:
        as_forecast = run(_play(Path(directory), scenarios, screen, progress, keep))
    if not as_forecast:
        raise Exit(ExitCode.FAILED)


async def _play(
    directory: Path, scenarios: "list[Scenario]", screen: "Console", progress: "Progress", keep: bool
) -> bool:
    from cli.rehearsal.forecast import Comparison, conclusion
    from cli.rehearsal.playing import play_all, subscription_id
    from cli.rehearsal.stage import stage
    from perennial.rehearsal.scenario_runner import live_customer

    began = time.monotonic()
    progress.begin("server", "a Temporal server and a worker, in a fresh directory")
    async with stage(directory, web_ui=True) as playing:
        progress.end("server")
        comparisons: list[Comparison] = []
        async with aclosing(play_all(playing, scenarios, progress)) as lives:
            async for life in lives:
                comparisons.append(Comparison.of(life.forecast, life.story))
                _tell(screen, life, comparisons[-1], f"{len(comparisons)} of {len(scenarios)}")
                if life.scenario.billed:
                    key = subscription_id(life.scenario, len(comparisons))
                    await _show_invoice(screen, playing.world, live_customer(life.scenario, key))
        as_forecast = all(comparison.difference is None for comparison in comparisons)
        screen.rule(style="dim")
        last = f"{conclusion(comparisons)} ({time.monotonic() - began:.0f} s)"
        screen.print(last, style="bold green" if as_forecast else "bold red", soft_wrap=True)
        if keep:
            screen.print(f"Look around: {playing.ui_address}/namespaces/default/workflows  (Ctrl-C ends it)")
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
    return as_forecast


async def _show_invoice(screen: "Console", world: "World", customer: str) -> None:
    """The invoice with the most to tell, of a life that was lived with its account."""
    from cli.account.invoice_sheet import print_invoice
    from statemachines.account.standing import standing_of

    events = await world.books.accounts.events(customer)
    told = [(standing_of(one.head, events), one) for one in await world.books.accounts.documents(customer)]
    standing, invoice = max(told, key=lambda pair: pair[0].reminders)
    print_invoice(screen, invoice, standing)
    screen.print()


def _tell(screen: "Console", life: "Played", comparison: "Comparison", place: str) -> None:
    from cli.rehearsal.story import tell

    screen.rule(style="dim")
    tell(screen, life.scenario, life.story, f"{place}  {life.scenario.name}")
    screen.print(f"{'':8}{comparison}", style="green" if comparison.difference is None else "bold red", soft_wrap=True)
    screen.print()
