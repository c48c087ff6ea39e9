"""The command line as a whole: which commands there are, and where each is written."""

from typing import Any

import typer

from cli.group import Group, LoadingGroup, OneLine, Sections
from cli.start import INSTALLED, program


def _of(module: str, **functions: str) -> dict[str, str]:
    """The commands in a module: each one's name, with `_` for `-`, and its function."""
    return {name.replace("_", "-"): f"{module}:{function}" for name, function in functions.items()}


SECTIONS: Sections = {
    "Try it": {
        **_of("cli.rehearsal.demo", demo="demo"),
        **_of("cli.operations.worker", worker="worker"),
        "scenario": Group("Scenarios written as YAML: run", _of("cli.rehearsal.scenario", run="run")),
        "clock": Group("Test clocks: advance", _of("cli.rehearsal.clock", advance="advance")),
    },
    "Sell": {
        "catalog": Group(
            "What is sold: check, import, export, list, show",
            {
                "check": "cli.catalog.importing:check",
                "import": "cli.catalog.importing:import_catalog",
                "export": "cli.catalog.exporting:export",
                "list": "cli.catalog.offer:list_offers",
                "show": "cli.catalog.offer:show_offer",
            },
        ),
        "customer": Group(
            "Who can buy: list, show", _of("cli.catalog.customer", list="list_customers", show="show_customer")
        ),
        "cart": Group(
            "Lines to buy together: add, remove, show, review, buy",
            _of("cli.buying.cart", add="add", remove="remove", show="show", review="review", buy="buy"),
        ),
        **_of("cli.buying.purchase", buy="buy"),
        "order": Group("What was ordered: list, show", _of("cli.buying.order", list="list_orders", show="show")),
        **_of("cli.buying.setup_link", setup_link="setup_link", resolve="resolve"),
    },
    "Subscriptions": {
        **_of("cli.subscription.listing", list="list_subscriptions"),
        **_of("cli.search", search="search"),
        **_of("cli.subscription.details", show="show"),
        **_of("cli.subscription.timeline", timeline="timeline"),
        **_of("cli.rehearsal.what_if", what_if="what_if"),
        **_of("cli.subscription.watching", watch="watch"),
        **_of("cli.subscription.history", events="events", ledger="ledger", access="access"),
        **_of(
            "cli.subscription.changes",
            quantity="change_quantity",
            add_on="set_add_on",
            undo_changes="undo_scheduled_changes",
            auto_renew="set_auto_renew",
            suspend="suspend",
            reactivate="reactivate",
            cancel="cancel",
            activate="activate",
            reject_quantity="reject_quantity",
            deprovision="deprovision",
        ),
        "usage": Group(
            "Usage that is billed afterwards: report, import",
            _of("cli.subscription.usage", report="report", **{"import": "import_usage"}),
        ),
    },
    "Money": {
        **_of("cli.account.statement", balance="balance", statement="statement"),
        **_of("cli.subscription.forecast", forecast="forecast"),
        "invoice": Group(
            "Monthly invoices and credit notes: list, show, pay, fail, credit, notes, note, write-off",
            {
                **_of("cli.account.invoice", list="list_invoices", show="show", pay="pay", fail="fail"),
                **_of("cli.account.corrections", credit="credit_invoice", **{"write-off": "write_off"}),
                **_of("cli.account.credit_note", notes="list_notes", note="show_note"),
            },
        ),
        "account": Group(
            "A customer's billing account: show, pay, terms, credit, refund, refund-paid, reverse, open",
            {
                **_of("cli.account.account", show="show", pay="pay", open="open_account"),
                **_of("cli.account.terms", terms="change_terms"),
                **_of(
                    "cli.account.corrections",
                    credit="credit",
                    refund="refund",
                    reverse="reverse",
                    **{"refund-paid": "refund_paid"},
                ),
            },
        ),
    },
    "Move in and out": {
        **_of("cli.takeover.importing", **{"import": "import_subscriptions"}),
        **_of("cli.takeover.exporting", export="export"),
    },
    "Operate": {
        **_of("cli.operations.setup", setup="setup"),
        **_of("cli.operations.config", config="config"),
        **_of("cli.operations.explain", explain="explain"),
        "notifications": Group(
            "Notifications to publishers: list, retry, skip",
            _of("cli.notifications.notifications", list="list_notifications", retry="retry", skip="skip"),
        ),
        "bulk": Group(
            "One action on many subscriptions, with a preview, a rate and a report",
            {
                **_of(
                    "cli.bulk.actions",
                    suspend="suspend",
                    reactivate="reactivate",
                    cancel="cancel",
                    auto_renew="set_auto_renew",
                    quantity="change_quantity",
                    price="change_price",
                    policy="give_policy",
                ),
                **_of("cli.bulk.migrate", migrate="migrate"),
                **_of("cli.bulk.operation", list="list_operations", show="show", report="report"),
                **_of("cli.bulk.steering", pause="pause", resume="resume", stop="stop", rate="set_rate"),
            },
        ),
        "conflict": Group(
            "Conflicts with the books: show, adopt, set-aside",
            _of("cli.operations.conflict", show="show", adopt="adopt", set_aside="set_aside"),
        ),
        **_of("cli.operations.check", check="check"),
        **_of("cli.operations.reconcile", reconcile="reconcile"),
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
