"""The command line as a whole: which commands there are."""

from collections.abc import Callable
from typing import Any

import typer

from cli import (
    access,
    add_on,
    auto_renew,
    cancellation,
    demo,
    details,
    journal,
    ledger,
    listing,
    provisioning,
    purchase,
    quantity,
    scenario,
    suspension,
    timeline,
    usage,
)
from cli.group import OneLineGroup

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "buy": purchase.buy,
    "list": listing.list_subscriptions,
    "show": details.show,
    "timeline": timeline.timeline,
    "events": journal.events,
    "ledger": ledger.ledger,
    "access": access.access,
    "quantity": quantity.change_quantity,
    "add-on": add_on.set_add_on,
    "suspend": suspension.suspend,
    "reactivate": suspension.reactivate,
    "cancel": cancellation.cancel,
    "auto-renew": auto_renew.set_auto_renew,
    "activate": provisioning.activate,
    "deprovision": provisioning.deprovision,
}


def _group(about: str, **settings: Any) -> typer.Typer:
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None, **settings)


app = _group(
    "Subscriptions that run for years: buy them, change them, and see what happens and why.",
    name="starter.py",
    cls=OneLineGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100},
)
for name, command in COMMANDS.items():
    app.command(name)(command)

usages = _group("Usage, of offers that are billed by it: report.")
usages.command("report")(usage.report)
app.add_typer(usages, name="usage")

scenarios = _group("Lives described as data: run.")
scenarios.command("run")(scenario.run)
app.add_typer(scenarios, name="scenario")
