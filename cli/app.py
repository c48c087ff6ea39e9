"""The command line as a whole: which commands there are, and where each is written."""

from typing import Any

import typer

from cli.group import Group, LoadingGroup, OneLine, Sections
from cli.start import INSTALLED, program

SECTIONS: Sections = {
    "Try it": {
        "demo": "cli.rehearsal.demo:demo",
        "worker": "cli.operations.worker:worker",
        "scenario": Group("Scenarios written as YAML: run", {"run": "cli.rehearsal.scenario:run"}),
        "clock": Group("Test clocks: advance", {"advance": "cli.rehearsal.clock:advance"}),
    },
    "Sell": {
        "catalog": Group(
            "What is sold: check, import, list, show",
            {
                "check": "cli.catalog.importing:check",
                "import": "cli.catalog.importing:import_catalog",
                "list": "cli.catalog.listing:list_offers",
                "show": "cli.catalog.offer:show_offer",
            },
        ),
        "customer": Group(
            "Who can buy: list, show",
            {"list": "cli.catalog.customer:list_customers", "show": "cli.catalog.customer:show_customer"},
        ),
        "cart": Group(
            "Lines to buy together: add, remove, show, review, buy",
            {
                "add": "cli.buying.cart:add",
                "remove": "cli.buying.cart:remove",
                "show": "cli.buying.cart:show",
                "review": "cli.buying.cart:review",
                "buy": "cli.buying.cart:buy",
            },
        ),
        "buy": "cli.buying.purchase:buy",
        "order": Group(
            "What was ordered: list, show", {"list": "cli.buying.order:list_orders", "show": "cli.buying.order:show"}
        ),
        "setup-link": "cli.buying.setup_link:setup_link",
        "resolve": "cli.buying.setup_link:resolve",
    },
    "Subscriptions": {
        "list": "cli.subscription.listing:list_subscriptions",
        "show": "cli.subscription.details:show",
        "timeline": "cli.subscription.timeline:timeline",
        "events": "cli.subscription.history:events",
        "ledger": "cli.subscription.history:ledger",
        "access": "cli.subscription.history:access",
        "quantity": "cli.subscription.changes:change_quantity",
        "add-on": "cli.subscription.changes:set_add_on",
        "auto-renew": "cli.subscription.changes:set_auto_renew",
        "suspend": "cli.subscription.changes:suspend",
        "reactivate": "cli.subscription.changes:reactivate",
        "cancel": "cli.subscription.changes:cancel",
        "activate": "cli.subscription.changes:activate",
        "reject-quantity": "cli.subscription.changes:reject_quantity",
        "deprovision": "cli.subscription.changes:deprovision",
        "usage": Group(
            "Usage that is billed afterwards: report, import",
            {"report": "cli.subscription.usage:report", "import": "cli.subscription.usage:import_usage"},
        ),
    },
    "Money": {
        "balance": "cli.account.statement:balance",
        "statement": "cli.account.statement:statement",
        "invoice": Group(
            "Monthly invoices: list, show, pay, fail",
            {
                "list": "cli.account.invoice:list_invoices",
                "show": "cli.account.invoice:show",
                "pay": "cli.account.invoice:pay",
                "fail": "cli.account.invoice:fail",
            },
        ),
        "account": Group(
            "A customer's billing account: show, pay, terms, open",
            {
                "show": "cli.account.account:show",
                "pay": "cli.account.account:pay",
                "terms": "cli.account.account:change_terms",
                "open": "cli.account.account:open_account",
            },
        ),
    },
    "Operate": {
        "notifications": Group(
            "Notifications to publishers: list, retry, skip",
            {
                "list": "cli.notifications.notifications:list_notifications",
                "retry": "cli.notifications.notifications:retry",
                "skip": "cli.notifications.notifications:skip",
            },
        ),
        "check": "cli.operations.check:check",
    },
}


class Program(OneLine, LoadingGroup):
    """All commands."""

    sections = SECTIONS


def _no_option_of_its_own() -> None:
    """Without a callback, Typer takes a program without commands for an empty one."""


app = typer.Typer(
    help="Subscriptions that run for years: buy them, change them, and see what happens and why.",
    name=INSTALLED,
    cls=Program,
    callback=_no_option_of_its_own,
    no_args_is_help=True,
    # A shell completes the names of programs, which `python starter.py` is not.
    add_completion=program() == INSTALLED,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100},
)


def command_line(command: str | None = None) -> Any:
    """The whole program, or one of its commands by itself, to be run."""
    whole: Any = typer.main.get_command(app)
    return whole.get_command(None, command) if command else whole
