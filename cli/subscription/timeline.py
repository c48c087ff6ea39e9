"""`timeline`: what comes next if nobody sends a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.options import Reading, SubscriptionId, with_options
from cli.printing.screen import console, print_json, second
from cli.printing.tables import print_columns
from cli.running import use
from statemachines.subscription.documents import timeline_document

if TYPE_CHECKING:
    from rich.console import Console

    from domain.subscription.subscription import Subscription
    from statemachines.subscription.timeline import Milestone


@with_options
def timeline(subscription: SubscriptionId, reading: Reading) -> None:
    """Show what comes next, and when, if nobody sends a command.

    It is exact, to the instant and the cent.
    """
    from statemachines.subscription.narrative import later_prices

    found = use(lambda perennial: perennial.subscriptions.timeline(subscription), reading.address)
    if reading.as_json:
        print_json(timeline_document(found.milestones))
        return
    screen = console()
    if found.milestones:
        print_milestones(screen, found.subscription, found.milestones)
        for change in later_prices(found.subscription, found.now):
            screen.print(f"Price then: {change} (BUY-5)", soft_wrap=True)
    else:
        screen.print(f"It is {found.subscription.state}: nothing more will happen.")


def print_milestones(screen: Console, subscription: Subscription, milestones: tuple[Milestone, ...]) -> None:
    """A line each, soonest first."""
    from statemachines.subscription.lifecycle import Lifecycle
    from statemachines.subscription.narrative import headline

    lifecycle = Lifecycle()
    rows = [(second(m.at), m.what, m.rule, headline(lifecycle, subscription, m)) for m in milestones]
    print_columns(screen, ("WHEN (UTC)", "WHAT", "RULE", "IN WORDS"), rows)
