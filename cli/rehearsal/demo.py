"""`demo`: run scenarios on a real server, and compare each with its forecast."""

import asyncio
import contextlib
import time
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from rich.console import Console
from typer import Option

from cli.account.invoice_sheet import print_invoice
from cli.failure import Failure, complain
from cli.printing.progress import Progress
from cli.printing.screen import console
from cli.rehearsal.agreement import Agreement, conclusion
from cli.rehearsal.live import LiveRun, run_all, scenario_server, subscription_id
from cli.rehearsal.report import print_report
from cli.rehearsal.scenario import read
from cli.running import run
from cli.samples import SCENARIOS
from cli.start import typed
from hosting.assembly import World
from perennial.rehearsal.scenario_runner import customer_of_run
from statemachines.account.standing import standing_of
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
    """Run ten subscriptions on a real server, as forecast.

    Starts a server, a worker and a database in a fresh directory. The simulator forecasts each subscription
    first; then it runs on the server, years in seconds, because the server skips the time between.
    Exit code 0 only if everything came as forecast.

    Example: demo
    """
    scenarios = read([SCENARIOS / f"{name}.yaml" for name in LIVES])
    screen = console()
    # On a terminal, what is printed and what moves must know of each other.
    progress = Progress(screen if screen.is_terminal else None)
    try:
        with TemporaryDirectory(prefix="perennial-demo-") as directory, progress:
            as_forecast = run(_run(Path(directory), scenarios, screen, progress, keep))
    except KeyboardInterrupt:
        complain([f"The server and its directory are gone; nothing of the demo is left. To begin it again: {typed()}"])
        raise
    if not as_forecast:
        raise Failure()


async def _run(directory: Path, scenarios: list[Scenario], screen: Console, progress: Progress, keep: bool) -> bool:
    """Run and print all scenarios; whether each came as forecast."""
    began = time.monotonic()
    progress.begin("server", "a Temporal server and a worker, in a fresh directory")
    async with scenario_server(directory, web_ui=True) as server:
        progress.end("server")
        comparisons: list[Agreement] = []
        async with aclosing(run_all(server, scenarios, progress)) as runs:
            async for one in runs:
                comparisons.append(Agreement.of(one.forecast, one.happened))
                _print_run(screen, one, comparisons[-1], f"{len(comparisons)} of {len(scenarios)}")
                if one.scenario.billed:
                    key = subscription_id(one.scenario, len(comparisons))
                    await _print_invoice(screen, server.world, customer_of_run(one.scenario, key))
        as_forecast = all(comparison.difference is None for comparison in comparisons)
        screen.rule(style="dim")
        last = f"{conclusion(comparisons)} ({time.monotonic() - began:.0f} s)"
        screen.print(last, style="bold green" if as_forecast else "bold red", soft_wrap=True)
        if keep:
            screen.print(
                f"Look around: {server.ui_address}/namespaces/default/workflows  (Ctrl-C ends it)", soft_wrap=True
            )
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
    return as_forecast


async def _print_invoice(screen: Console, world: World, customer: str) -> None:
    """Print the customer's invoice that has the most reminders."""
    events = await world.books.accounts.events(customer)
    invoices = [(standing_of(one.head, events), one) for one in await world.books.accounts.documents(customer)]
    standing, invoice = max(invoices, key=lambda pair: pair[0].reminders)
    print_invoice(screen, invoice, standing, {})
    screen.print()


def _print_run(screen: Console, one: LiveRun, comparison: Agreement, place: str) -> None:
    screen.rule(style="dim")
    print_report(screen, one.scenario, one.happened, f"{place}  {one.scenario.name}")
    screen.print(f"{'':8}{comparison}", style="green" if comparison.difference is None else "bold red", soft_wrap=True)
    screen.print()
